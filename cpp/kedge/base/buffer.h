// Memory that starts on a cache line and is zero at first. Owns, moves, does not grow. Large memory
// is asked for in large pages, which the system need not give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace kedge {

inline constexpr std::size_t kCacheLine = 64;

// Asks for large pages where this much memory is about to be written for the first time: the system
// then clears a page of two megabytes at once instead of stopping for each four kilobytes.
void ask_for_large_pages(void* memory, std::size_t bytes) noexcept;

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes);
  // Memory for who writes every byte before reading it.
  static Buffer uninitialized(std::size_t bytes);

  std::byte* data() noexcept { return data_.get(); }
  const std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }

  template <class T>
  std::span<T> as() noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<T*>(data_.get()), size_ / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<const T*>(data_.get()), size_ / sizeof(T)};
  }

 private:
  struct Free {
    void operator()(std::byte* data) const noexcept { std::free(data); }
  };
  static std::byte* allocate(std::size_t bytes);

  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace kedge
