// How calls that wait at the same time are scored together: not at all unless it is asked for.
#pragma once

#include <chrono>
#include <cstddef>

namespace kedge {

struct Batching {
  std::size_t most_rows = 0;               // of a batch; below 2 each call is scored alone
  std::chrono::microseconds most_wait{0};  // for others to come

  bool is_on() const noexcept { return most_rows > 1; }
};

}  // namespace kedge
