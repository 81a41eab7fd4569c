#include "kedge/base/buffer.h"

#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace kedge {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21;

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void ask_for_large_pages(void* memory, std::size_t bytes) noexcept {
#if defined(MADV_HUGEPAGE)
  // Where there are none the call fails, and nothing is lost.
  const auto begin = rounded_up(reinterpret_cast<std::uintptr_t>(memory), kLargePage);
  const auto skipped = begin - reinterpret_cast<std::uintptr_t>(memory);
  if (bytes < skipped + kLargePage) return;
  madvise(static_cast<std::byte*>(memory) + skipped, bytes - skipped, MADV_HUGEPAGE);
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

std::byte* Buffer::allocate(std::size_t bytes) {
  const std::size_t unit = bytes >= kLargePage ? kLargePage : kCacheLine;
  if (bytes > SIZE_MAX - unit) throw std::bad_alloc();
  void* const memory = std::aligned_alloc(unit, rounded_up(bytes, unit));
  if (memory == nullptr) throw std::bad_alloc();
  // A table that is walked at random touches a page for each row: large ones save most of the
  // misses. They are also cheaper to come by than the small ones that they replace. A last page
  // that may be next to empty is worth it only behind others.
  const std::size_t large = bytes < 2 * kLargePage ? kLargePage : rounded_up(bytes, kLargePage);
  if (unit == kLargePage) ask_for_large_pages(memory, large);
  return static_cast<std::byte*>(memory);
}

Buffer::Buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  data_.reset(allocate(bytes));
  std::memset(data_.get(), 0, bytes);
}

Buffer Buffer::uninitialized(std::size_t bytes) {
  Buffer buffer;
  if (bytes == 0) return buffer;
  buffer.data_.reset(allocate(bytes));
  buffer.size_ = bytes;
  return buffer;
}

}  // namespace kedge
