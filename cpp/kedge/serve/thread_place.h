// Where a thread counts: what many threads count is split, so that they do not wait for each other.
#pragma once

#include <atomic>
#include <cstddef>

namespace kedge {

inline constexpr std::size_t kThreadPlaces = 16;

// Always the same one of a thread; threads beyond kThreadPlaces share.
inline std::size_t thread_place() noexcept {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t own = threads.fetch_add(1) % kThreadPlaces;
  return own;
}

}  // namespace kedge
