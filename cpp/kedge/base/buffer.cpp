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

std::byte* Buffer::allocate(std::size_t bytes) {
  const std::size_t unit = bytes >= 2 * kLargePage ? kLargePage : kCacheLine;
  if (bytes > SIZE_MAX - unit) throw std::bad_alloc();
  void* const memory = std::aligned_alloc(unit, rounded_up(bytes, unit));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
  // A table that is walked at random touches a page for each row: large ones save most of the
  // misses. Where there are none the call fails, and nothing is lost.
  if (unit == kLargePage) madvise(memory, rounded_up(bytes, unit), MADV_HUGEPAGE);
#endif
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
