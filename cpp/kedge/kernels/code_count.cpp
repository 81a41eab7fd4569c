#include "kedge/kernels/code_count.h"

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kedge/base/bits.h"

namespace kedge {
namespace {

// A block is looked at twice, the second time in the cache: are all codes inside, then the counts.
// The first look has no branch and becomes vector code. The prefetches run while the counters do
// not need the memory.
constexpr std::size_t kBlock = 256;
constexpr std::size_t kPrefetchBytes = 4096;

// An increment of the counter that was incremented last waits for it. Where there are few entries,
// so that this is common, eight copies of the counters take turns. They are padded to a power of
// two, so that the bits of all codes together show whether one would hit memory outside; what falls
// between the entries and there is seen afterwards. A copy's pad keeps them from sharing 4 kB
// offsets.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kFewEntries = 512;
constexpr std::size_t kPad = 16;

// Where things are counted: codes below `safe` hit memory inside of the counters.
struct Layout {
  std::size_t entries;  // that the type of the codes reaches
  std::size_t safe;
  std::size_t null;
  std::size_t bad;
  std::size_t stride;  // of the copies; 0 when there is one
};

template <class Code>
using Index = std::make_unsigned_t<Code>;

// For codes that are inside.
template <class Code>
std::size_t as_index(Code code) noexcept {
  return static_cast<std::size_t>(static_cast<Index<Code>>(code));
}

// Negative codes are the unsigned ones behind the largest that the type holds.
template <class Code>
std::size_t entries_within_reach(std::size_t entries) noexcept {
  const auto largest = static_cast<std::uint64_t>(std::numeric_limits<Code>::max());
  return entries > largest ? static_cast<std::size_t>(largest) + 1 : entries;
}

// Whether all codes are below the bound. A vector compares narrow types in their own width, so the
// bound is narrowed too; where it does not fit, no code reaches it.
template <class Code>
bool all_below(const Code* codes, std::size_t length, std::size_t bound) noexcept {
  if (bound > static_cast<Index<Code>>(-1)) return true;
  const auto narrow = static_cast<Index<Code>>(bound);
  Index<Code> seen = 0;
  if (std::has_single_bit(bound)) {
    for (std::size_t i = 0; i < length; ++i) seen |= static_cast<Index<Code>>(codes[i]);
    return seen < narrow;
  }
  for (std::size_t i = 0; i < length; ++i) seen |= static_cast<Index<Code>>(codes[i]) >= narrow;
  return seen == 0;
}

bool all_valid(const std::uint8_t* validity, std::size_t offset, std::size_t length) noexcept {
  return validity == nullptr || count_bits(validity, offset, length) == length;
}

template <class Code>
void count_inside(const Code* codes, std::size_t length, std::size_t stride,
                  std::uint32_t* counts) noexcept {
  std::size_t i = 0;
  for (; i + kLanes <= length; i += kLanes) {
    __builtin_prefetch(reinterpret_cast<const char*>(codes + i) + kPrefetchBytes);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      ++counts[lane * stride + as_index(codes[i + lane])];
    }
  }
  for (; i < length; ++i) ++counts[as_index(codes[i])];
}

// Without a branch on a null, which nobody could predict.
template <class Code>
void count_checked(const Codes<Code>& in, std::size_t start, std::size_t length,
                   const Layout& layout, std::uint32_t* counts) noexcept {
  const auto [entries, safe, null, bad, stride] = layout;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint64_t code = static_cast<Index<Code>>(in.codes[start + i]);
    const std::size_t slot = code < entries ? static_cast<std::size_t>(code) : bad;
    const std::size_t valid =
        in.validity == nullptr || get_bit(in.validity, in.validity_offset + start + i);
    ++counts[i % kLanes * stride + null + ((slot - null) & (0 - valid))];
  }
}

template <class Code>
void count_blocks(const Codes<Code>& in, const Layout& layout, std::uint32_t* counts) noexcept {
  for (std::size_t start = 0; start < in.length; start += kBlock) {
    const std::size_t length = in.length - start < kBlock ? in.length - start : kBlock;
    const Code* codes = in.codes + start;
    if (all_valid(in.validity, in.validity_offset + start, length) &&
        all_below(codes, length, layout.safe)) {
      count_inside(codes, length, layout.stride, counts);
    } else {
      count_checked(in, start, length, layout, counts);
    }
  }
}

template <class Code>
void count_few(const Codes<Code>& in, std::size_t entries, std::uint32_t* counts) noexcept {
  std::uint32_t lanes[kLanes * (kFewEntries + kPad)];
  const std::size_t reached = entries_within_reach<Code>(entries);
  const std::size_t safe = std::bit_ceil(reached);
  const Layout layout = {reached, safe, safe, safe + 1, safe + kPad};
  std::memset(lanes, 0, sizeof(std::uint32_t) * kLanes * layout.stride);
  count_blocks(in, layout, lanes);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t* counted = lanes + lane * layout.stride;
    for (std::size_t i = 0; i < reached; ++i) counts[i] += counted[i];
    for (std::size_t i = reached; i < safe; ++i) counts[bad_code(entries)] += counted[i];
    counts[null_code(entries)] += counted[layout.null];
    counts[bad_code(entries)] += counted[layout.bad];
  }
}

}  // namespace

template <class Code>
void count_codes(const Codes<Code>& in, std::size_t entries, std::uint32_t* counts) noexcept {
  if (entries > kFewEntries || in.length < kLanes * code_slots(entries)) {
    const std::size_t reached = entries_within_reach<Code>(entries);
    count_blocks(in, {reached, reached, null_code(entries), bad_code(entries), 0}, counts);
  } else {
    count_few(in, entries, counts);
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
