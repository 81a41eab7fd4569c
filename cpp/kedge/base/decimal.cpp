#include "kedge/base/decimal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr std::int32_t kMostDigits = 19;           // what fits 64 bits whatever they are
constexpr std::int32_t kMostExponent = 1'000'000;  // beyond it nothing differs any more

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The powers of ten that a float of `bits` significant bits holds exactly: 5^n must fit.
constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::int32_t kMostExactFloatPower = 10;

// Digits and power are exact in the type, so one operation rounds once.
template <class Float>
std::optional<Float> nearest(const Decimal& number) noexcept {
  constexpr std::int32_t kMostPower =
      sizeof(Float) == 8 ? static_cast<std::int32_t>(kPowers.size()) - 1 : kMostExactFloatPower;
  constexpr auto kMostExactDigits = std::uint64_t{1} << std::numeric_limits<Float>::digits;
  const std::int32_t exponent = number.exponent;
  if (number.exact && number.digits <= kMostExactDigits && exponent >= -kMostPower &&
      exponent <= kMostPower) {
    const auto power = static_cast<Float>(kPowers[static_cast<std::size_t>(std::abs(exponent))]);
    const auto digits = static_cast<Float>(number.digits);
    const Float size = exponent < 0 ? digits / power : digits * power;
    return number.negative ? -size : size;
  }
  const std::optional<Float> read = number_of<Float>(number.spelling);
  if (read && !std::isinf(*read)) return read;
  // Out of range on the small side is the nearest too: a zero.
  if (exponent < 0) return number.negative ? -Float{0} : Float{0};
  return std::nullopt;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  std::optional<Decimal> read() {
    const char* const start = at_;
    out_.negative = takes('-');
    if (at_ == end_ || !is_digit(*at_)) return std::nullopt;
    out_.whole = true;
    if (!short_digits()) long_digits();
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) exponent();
    out_.spelling = {start, static_cast<std::size_t>(at_ - start)};
    return out_;
  }

 private:
  bool takes(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  // Reads digits and what is behind a point; false, and nothing is read, when there are more of
  // them than fit whatever they are.
  bool short_digits() {
    const char* at = at_;
    std::uint64_t digits = 0;
    const auto more = [&] {
      if (at == end_) return false;
      const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
      if (digit > 9) return false;
      digits = 10 * digits + digit;
      ++at;
      return true;
    };
    if (*at == '0') {
      ++at;
    } else {
      while (more()) continue;
    }
    std::ptrdiff_t count = at - at_;
    if (at + 1 < end_ && *at == '.' && is_digit(at[1])) {
      const char* const point = at++;
      while (more()) continue;
      const std::ptrdiff_t behind = at - point - 1;
      count += behind;
      if (count > kMostDigits) return false;
      out_.exponent = -static_cast<std::int32_t>(behind);
      out_.whole = false;
    }
    if (count > kMostDigits) return false;
    out_.digits = digits;
    at_ = at;
    return true;
  }

  void long_digits() {
    *at_ == '0' ? void(++at_) : integer_digits();
    if (at_ + 1 < end_ && *at_ == '.' && is_digit(at_[1])) {
      ++at_;
      fraction_digits();
    }
  }

  // False when there is no more room for it.
  bool push(char digit) {
    if (count_ == kMostDigits) {
      out_.exact = out_.exact && digit == '0';
      return false;
    }
    out_.digits = 10 * out_.digits + static_cast<std::uint64_t>(digit - '0');
    count_ += out_.digits == 0 ? 0 : 1;
    return true;
  }

  void integer_digits() {
    for (; at_ < end_ && is_digit(*at_); ++at_) {
      if (!push(*at_) && out_.exponent < kMostExponent) ++out_.exponent;
    }
  }

  void fraction_digits() {
    out_.whole = false;
    for (; at_ < end_ && is_digit(*at_); ++at_) {
      if (push(*at_) && out_.exponent > -kMostExponent) --out_.exponent;
    }
  }

  void exponent() {
    const char* const before = at_++;
    const bool negative = takes('-');
    if (!negative) takes('+');
    if (at_ == end_ || !is_digit(*at_)) {
      at_ = before;
      return;
    }
    out_.whole = false;
    std::int32_t value = 0;
    for (; at_ < end_ && is_digit(*at_); ++at_) {
      value = std::min(10 * value + (*at_ - '0'), 2 * kMostExponent);
    }
    out_.exponent += negative ? -value : value;
  }

  const char* at_;
  const char* end_;
  std::int32_t count_ = 0;
  Decimal out_;
};

}  // namespace

std::optional<std::int64_t> Decimal::int64() const noexcept {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63;
  if (!whole || !exact || exponent != 0 || digits > kMost - (negative ? 0 : 1)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? -digits : digits);
}

std::optional<std::uint64_t> Decimal::uint64() const noexcept {
  if (!whole || (negative && digits != 0)) return std::nullopt;
  if (exact && exponent == 0) return digits;
  return number_of<std::uint64_t>(spelling);  // twenty digits may fit too
}

std::optional<double> Decimal::float64() const noexcept { return nearest<double>(*this); }
std::optional<float> Decimal::float32() const noexcept { return nearest<float>(*this); }

std::optional<Decimal> read_decimal(std::string_view text) noexcept { return Scanner(text).read(); }

}  // namespace kedge
