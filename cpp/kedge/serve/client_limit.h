// How many calls one client may have at once: one that asks for too much keeps out itself, and
// nobody else.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace kedge {

// Any number of threads. Clients are remembered while they have calls.
class ClientLimit {
 public:
  // At least one.
  explicit ClientLimit(std::size_t most) noexcept : most_(most) {}

  // Whether the client may have one more, which must then leave().
  bool enter(std::string_view client);
  void leave(std::string_view client) noexcept;
  std::size_t most() const noexcept { return most_; }

 private:
  std::size_t most_;
  std::mutex lock_;
  std::map<std::string, std::size_t, std::less<>> calls_;
};

}  // namespace kedge
