#include "kedge/kernels/code_count.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

template <class Code>
std::vector<std::uint32_t> plain_counts(const Codes<Code>& in, std::size_t entries) {
  std::vector<std::uint32_t> counts(code_slots(entries));
  for (std::size_t i = 0; i < in.length; ++i) {
    const bool valid = in.validity == nullptr || get_bit(in.validity, in.validity_offset + i);
    const bool inside = in.codes[i] >= 0 && static_cast<std::uint64_t>(in.codes[i]) < entries;
    const std::size_t slot = inside ? static_cast<std::size_t>(in.codes[i]) : bad_code(entries);
    ++counts[valid ? slot : null_code(entries)];
  }
  return counts;
}

// Mostly codes that are inside; `wild` puts some anywhere, and on the edges.
template <class Code>
std::vector<Code> draw_codes(Random& random, std::size_t entries, std::size_t length, bool wild) {
  using Limits = std::numeric_limits<Code>;
  const std::uint64_t odd[] = {entries,       entries + 1,   entries + 17, 0xffff'ffff'ffff'ffff,
                               Limits::max(), 0x1'0000'0000, 0x80};
  std::vector<Code> codes;
  const auto below = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(entries, std::uint64_t{Limits::max()} + 1));
  for (std::size_t i = 0; i < length; ++i) {
    codes.push_back(static_cast<Code>(below == 0 ? 0 : random.below(below)));
    if (wild && random.below(50) == 0) codes.back() = static_cast<Code>(odd[random.below(7)]);
  }
  return codes;
}

template <class Code>
void check_type() {
  Random random(sizeof(Code));
  std::vector<std::uint8_t> validity(2000);
  for (auto& byte : validity) byte = static_cast<std::uint8_t>(random.bits() | random.bits());
  const std::vector<std::uint8_t> all_valid(2000, 0xff);
  for (const std::size_t entries : {0, 1, 2, 50, 63, 64, 65, 128, 255, 256, 512, 513, 3000}) {
    for (const std::size_t length : {0, 1, 7, 8, 9, 255, 256, 257, 1000, 5000, 9000}) {
      for (const bool wild : {false, true}) {
        const auto codes = draw_codes<Code>(random, entries, length, wild);
        for (const std::uint8_t* bits : {static_cast<const std::uint8_t*>(nullptr),
                                         all_valid.data(), std::as_const(validity).data()}) {
          const Codes<Code> in = {codes.data(), length, bits, bits == nullptr ? 0 : length % 13};
          // One counter more on both sides, to see a write outside.
          std::vector<std::uint32_t> counts(code_slots(entries) + 2, 3);
          count_codes<Code>(in, entries, counts.data() + 1);
          CHECK(counts.front() == 3 && counts.back() == 3);
          const auto expected = plain_counts(in, entries);
          bool equal = true;
          for (std::size_t i = 0; i < expected.size(); ++i)
            equal &= counts[i + 1] == expected[i] + 3;
          CHECK(equal);
        }
      }
    }
  }
}

}  // namespace

TEST("codes of every integer type are counted as one by one, nulls and bad ones apart") {
  check_type<std::int8_t>();
  check_type<std::int16_t>();
  check_type<std::int32_t>();
  check_type<std::int64_t>();
  check_type<std::uint8_t>();
  check_type<std::uint16_t>();
  check_type<std::uint32_t>();
  check_type<std::uint64_t>();
}

TEST("a code right behind the entries is bad, whatever is null") {
  std::vector<std::int32_t> codes(5000, 1);
  for (const std::size_t entries : {5, 8, 600}) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      codes[2500] = static_cast<std::int32_t>(entries + behind);
      std::vector<std::uint32_t> counts(code_slots(entries));
      count_codes<std::int32_t>({codes.data(), codes.size()}, entries, counts.data());
      CHECK(counts[1] == 4999);
      CHECK(counts[bad_code(entries)] == 1);
      CHECK(counts[null_code(entries)] == 0);
    }
  }
}

}  // namespace kedge
