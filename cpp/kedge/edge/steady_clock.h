// The time since some moment, which never goes back.
#pragma once

#include <chrono>
#include <cstdint>

namespace kedge::edge {

inline std::int64_t steady_nanos() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace kedge::edge
