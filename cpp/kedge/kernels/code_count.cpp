#include "kedge/kernels/code_count.h"

#include <cstring>
#include <type_traits>

#include "kedge/base/bits.h"

namespace kedge {
namespace {

// A block is looked at twice, the second time in the cache: are all codes inside, then the counts.
// The first look has no branch and becomes vector code.
constexpr std::size_t kBlock = 1024;

// An increment of the counter that was incremented last waits for it. Where there are few entries,
// so that this is common, eight copies of the counters take turns.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kFewSlots = 512;

// For codes that are inside.
template <class Code>
std::size_t as_index(Code code) noexcept {
  return static_cast<std::size_t>(static_cast<std::make_unsigned_t<Code>>(code));
}

// Negative codes are the largest unsigned ones. A vector compares narrow types in their own width,
// so the bound is narrowed too; where it does not fit, no code is too large for it.
template <class Code>
bool all_inside(const Code* codes, std::size_t length, std::size_t entries) noexcept {
  using Index = std::make_unsigned_t<Code>;
  if (entries > static_cast<Index>(-1)) return true;
  const auto bound = static_cast<Index>(entries);
  Index outside = 0;
  for (std::size_t i = 0; i < length; ++i) {
    outside = static_cast<Index>(outside | (static_cast<Index>(codes[i]) >= bound));
  }
  return outside == 0;
}

bool all_valid(const std::uint8_t* validity, std::size_t offset, std::size_t length) noexcept {
  return validity == nullptr || count_bits(validity, offset, length) == length;
}

template <class Code>
void count_inside(const Code* codes, std::size_t length, std::size_t stride,
                  std::uint32_t* counts) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      ++counts[lane * stride + as_index(codes[i + lane])];
    }
  }
  for (; i < length; ++i) ++counts[as_index(codes[i])];
}

template <class Code>
void count_checked(const Codes<Code>& in, std::size_t start, std::size_t length,
                   std::size_t entries, std::size_t stride, std::uint32_t* counts) noexcept {
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint64_t code = static_cast<std::make_unsigned_t<Code>>(in.codes[start + i]);
    std::size_t slot = code < entries ? static_cast<std::size_t>(code) : bad_code(entries);
    if (in.validity != nullptr && !get_bit(in.validity, in.validity_offset + start + i)) {
      slot = null_code(entries);
    }
    ++counts[i % kLanes * stride + slot];
  }
}

template <class Code>
void count_blocks(const Codes<Code>& in, std::size_t entries, std::size_t stride,
                  std::uint32_t* counts) noexcept {
  for (std::size_t start = 0; start < in.length; start += kBlock) {
    const std::size_t length = in.length - start < kBlock ? in.length - start : kBlock;
    const Code* codes = in.codes + start;
    if (all_valid(in.validity, in.validity_offset + start, length) &&
        all_inside(codes, length, entries)) {
      count_inside(codes, length, stride, counts);
    } else {
      count_checked(in, start, length, entries, stride, counts);
    }
  }
}

}  // namespace

template <class Code>
void count_codes(const Codes<Code>& in, std::size_t entries, std::uint32_t* counts) noexcept {
  const std::size_t slots = code_slots(entries);
  if (slots > kFewSlots || in.length < kLanes * slots) {
    count_blocks(in, entries, 0, counts);
    return;
  }
  std::uint32_t lanes[kLanes * kFewSlots];
  std::memset(lanes, 0, sizeof(std::uint32_t) * kLanes * slots);
  count_blocks(in, entries, slots, lanes);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (std::size_t slot = 0; slot < slots; ++slot) counts[slot] += lanes[lane * slots + slot];
  }
}

template void count_codes(const Codes<std::int8_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::int16_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::int32_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::int64_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::uint8_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::uint16_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::uint32_t>&, std::size_t, std::uint32_t*) noexcept;
template void count_codes(const Codes<std::uint64_t>&, std::size_t, std::uint32_t*) noexcept;

}  // namespace kedge
