// The exact sum of doubles: a fixed-point number wide enough for all of them, so that nothing is
// rounded before the sum is read, sums add and subtract without a trace, and the same values give
// the same bits in any order and any split.
//
// 552 bytes; adding costs a few nanoseconds. Thread safety: one writer, or many readers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kedge/base/bytes.h"
#include "kedge/base/twofold.h"

namespace kedge {

class ExactTotal {
 public:
  // The value is finite.
  void add(double value) noexcept;
  // Both halves, so that a product can be added without its rounding.
  void add(Twofold value) noexcept {
    add(value.high);
    add(value.low);
  }

  void merge(const ExactTotal& other) noexcept { combine(other, 1); }
  void subtract(const ExactTotal& other) noexcept { combine(other, -1); }

  // The nearest double, ties to even; infinite beyond the largest.
  double value() const noexcept;
  // The nearest double and the nearest to what it leaves.
  Twofold twofold() const noexcept;

  // docs/formats.md, "Exact total". read throws CorruptData for a spelling that write does not use.
  void write(ByteWriter& out) const;
  static ExactTotal read(ByteReader& in);

  friend bool operator==(const ExactTotal& a, const ExactTotal& b) noexcept {
    return a.settled().limbs_ == b.settled().limbs_;
  }

 private:
  // 2098 bits from the smallest denormal to the largest double, and 78 for the number of values.
  static constexpr std::size_t kLimbs = 68;

  void combine(const ExactTotal& other, std::int64_t sign) noexcept;
  void settle() noexcept;
  ExactTotal settled() const noexcept;
  bool is_negative() const noexcept { return limbs_[kLimbs - 1] < 0; }  // of a settled one
  ExactTotal magnitude() const noexcept;                                // of a settled one

  // The sum is that of limbs_[i] 2^(32 i - 1074). Settled, all but the last are from 0 to 2^32 - 1.
  std::array<std::int64_t, kLimbs> limbs_{};
  std::uint32_t unsettled_ = 0;  // values added since; a limb has room for 2^31
};

}  // namespace kedge
