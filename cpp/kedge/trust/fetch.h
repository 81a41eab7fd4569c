// Where an update comes from: a repository of static files, or a package that holds them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kedge::trust {

class Fetch {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  Fetch() = default;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;
  virtual ~Fetch() = default;

  // Gives the file to `sink` piece by piece; false when there is no such file. Paths are those of
  // docs/formats.md, "Update repository", percent-encoded as in a URL. Throws ResourceExhausted
  // as soon as the file turns out to be longer than `most`, any Error when it cannot be had; the
  // sink may then have some of it. What the sink throws comes out.
  virtual bool fetch(const std::string& path, std::size_t most, const Sink& sink) = 0;

  // The same in memory.
  std::optional<std::vector<std::byte>> fetch_whole(const std::string& path, std::size_t most);
};

}  // namespace kedge::trust
