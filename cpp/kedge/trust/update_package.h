// A repository's files in one, for a stick that is carried to a board: all metadata and the target.
// docs/formats.md, "Update package". What it holds is trusted no more than a repository.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kedge/base/open_file.h"
#include "kedge/trust/fetch.h"

namespace kedge::trust {

class UpdatePackage final : public Fetch {
 public:
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kMostFiles = 4096;
  static constexpr std::size_t kMostIndexBytes = 1 << 20;

  // Reads the file once, to its end. Throws CorruptData when it is cut short, has a wrong digest or
  // is otherwise no package, InvalidArgument when it cannot be read: a stick may be pulled out.
  explicit UpdatePackage(const std::string& path);

  bool fetch(const std::string& path, std::size_t most, const Sink& sink) override;

 private:
  struct File {
    std::string path;
    std::uint64_t offset;
    std::uint64_t length;
  };
  void check_digest();
  void read_index();
  void read_files(std::uint32_t count, std::uint64_t index_bytes);

  OpenFile file_;
  std::vector<File> files_;  // by path
};

}  // namespace kedge::trust
