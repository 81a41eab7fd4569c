#include "kedge/base/exact_total.h"

#include <bit>
#include <limits>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr unsigned kLimbBits = 32;
constexpr std::uint64_t kLimbMask = 0xffffffff;
constexpr unsigned kFractionBits = 52;
constexpr std::uint64_t kHidden = std::uint64_t{1} << kFractionBits;
constexpr unsigned kExponentMask = 0x7ff;
constexpr std::uint32_t kMostUnsettled = 1u << 30;

}  // namespace

void ExactTotal::add(double value) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const unsigned exponent = static_cast<unsigned>(bits >> kFractionBits) & kExponentMask;
  const std::uint64_t fraction = bits & (kHidden - 1);
  const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | kHidden;
  const unsigned place = exponent == 0 ? 0 : exponent - 1;
  const unsigned limb = place / kLimbBits;
  const unsigned shift = place % kLimbBits;
  const std::uint64_t low = (mantissa & kLimbMask) << shift;
  const std::uint64_t high = ((mantissa >> kLimbBits) << shift) + (low >> kLimbBits);
  const std::int64_t sign = (bits >> 63) != 0 ? -1 : 1;
  limbs_[limb] += sign * static_cast<std::int64_t>(low & kLimbMask);
  limbs_[limb + 1] += sign * static_cast<std::int64_t>(high & kLimbMask);
  limbs_[limb + 2] += sign * static_cast<std::int64_t>(high >> kLimbBits);
  if (++unsettled_ == kMostUnsettled) settle();
}

void ExactTotal::settle() noexcept {
  std::int64_t carry = 0;
  for (std::size_t i = 0; i + 1 < kLimbs; ++i) {
    const std::int64_t limb = limbs_[i] + carry;
    carry = limb >> kLimbBits;
    limbs_[i] = limb & static_cast<std::int64_t>(kLimbMask);
  }
  limbs_[kLimbs - 1] += carry;
  unsettled_ = 0;
}

ExactTotal ExactTotal::settled() const noexcept {
  ExactTotal copy = *this;
  copy.settle();
  return copy;
}

ExactTotal ExactTotal::magnitude() const noexcept {
  if (!is_negative()) return *this;
  ExactTotal opposite;
  opposite.subtract(*this);
  return opposite;
}

void ExactTotal::combine(const ExactTotal& other, std::int64_t sign) noexcept {
  const ExactTotal added = other.settled();
  settle();
  for (std::size_t i = 0; i < kLimbs; ++i) limbs_[i] += sign * added.limbs_[i];
  settle();
}

double ExactTotal::value() const noexcept {
  const ExactTotal sum = settled();
  const ExactTotal size = sum.magnitude();
  std::size_t top = kLimbs;
  while (top > 0 && size.limbs_[top - 1] == 0) --top;
  if (top == 0) return 0;
  const auto limb = [&](std::size_t i) { return static_cast<std::uint64_t>(size.limbs_[i]); };
  const auto bit = [&](std::size_t i) { return limb(i / kLimbBits) >> (i % kLimbBits) & 1; };
  const std::size_t highest =
      (top - 1) * kLimbBits + static_cast<std::size_t>(std::bit_width(limb(top - 1))) - 1;
  std::uint64_t bits = 0;
  if (highest <= kFractionBits) {
    bits = limb(0) | limb(1) << kLimbBits;  // a double's bits count its smallest steps there
  } else {
    const std::size_t lowest = highest - kFractionBits;
    for (std::size_t i = highest + 1; i-- > lowest;) bits = bits << 1 | bit(i);
    bool is_below = false;
    for (std::size_t i = 0; i + 1 < lowest && !is_below; ++i) is_below = bit(i) != 0;
    const bool rounds_up = bit(lowest - 1) != 0 && (is_below || (bits & 1) != 0);
    if (lowest + 1 >= kExponentMask)
      return std::numeric_limits<double>::infinity() * (sum.is_negative() ? -1 : 1);
    bits += rounds_up ? 1 : 0;
    bits += static_cast<std::uint64_t>(lowest) << kFractionBits;
  }
  const double result = std::bit_cast<double>(bits);
  return sum.is_negative() ? -result : result;
}

Twofold ExactTotal::twofold() const noexcept {
  const double high = value();
  if (!std::isfinite(high)) return {high, 0};
  ExactTotal rest = *this;
  rest.add(-high);
  return {high, rest.value()};
}

void ExactTotal::write(ByteWriter& out) const {
  const ExactTotal sum = settled();
  const ExactTotal size = sum.magnitude();
  std::size_t first = 0;
  std::size_t end = kLimbs;
  while (end > 0 && size.limbs_[end - 1] == 0) --end;
  while (first < end && size.limbs_[first] == 0) ++first;
  out.write<std::uint8_t>(sum.is_negative());
  out.write_varint(first);
  out.write_varint(end - first);
  for (std::size_t i = first; i < end; ++i) {
    out.write(static_cast<std::uint32_t>(size.limbs_[i]));
  }
}

ExactTotal ExactTotal::read(ByteReader& in) {
  const auto is_negative = in.read<std::uint8_t>();
  const std::uint64_t first = in.read_varint();
  const std::uint64_t count = in.read_varint();
  // Nothing that a count of rows allows reaches the last limb.
  if (is_negative > 1 || first >= kLimbs || count >= kLimbs - first ||
      (count == 0 && (is_negative != 0 || first != 0))) {
    throw corrupt_data(in.section(), ": a sum of sign ", int{is_negative}, " with ", count,
                       " words from word ", first);
  }
  ExactTotal size;
  for (std::uint64_t i = 0; i < count; ++i) {
    size.limbs_[static_cast<std::size_t>(first + i)] = in.read<std::uint32_t>();
  }
  const bool is_short =
      count == 0 || (size.limbs_[static_cast<std::size_t>(first)] != 0 &&
                     size.limbs_[static_cast<std::size_t>(first + count - 1)] != 0);
  if (!is_short) throw corrupt_data(in.section(), ": a sum with empty words at its ends");
  if (is_negative == 0) return size;
  ExactTotal sum;
  sum.subtract(size);
  return sum;
}

}  // namespace kedge
