#include "kedge/base/ed25519.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "kedge/base/field25519.h"
#include "kedge/base/sha512.h"

namespace kedge {
namespace {

using Bytes32 = std::array<std::byte, 32>;

// 2^252 + 27742317777372353535851937790883648493, the order of the group, in words of 32 bits.
constexpr std::array<std::uint32_t, 8> kOrder = {0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de,
                                                 0,          0,          0,          0x10000000};

// A whole number below the order.
struct Scalar {
  std::array<std::uint32_t, 8> word{};

  bool is_below_order() const noexcept {
    return std::lexicographical_compare(word.rbegin(), word.rend(), kOrder.rbegin(), kOrder.rend());
  }
  bool bit(std::size_t i) const noexcept { return (word[i / 32] >> (i % 32) & 1) != 0; }

  // Twice itself and the bit, less the order if it goes in.
  void append(bool bit) noexcept {
    std::uint32_t low = bit ? 1 : 0;
    for (std::uint32_t& part : word) {
      const std::uint32_t high = part >> 31;
      part = part << 1 | low;
      low = high;
    }
    if (is_below_order()) return;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < word.size(); ++i) {
      const std::uint64_t left = std::uint64_t{word[i]} - kOrder[i] - borrow;
      word[i] = static_cast<std::uint32_t>(left);
      borrow = left >> 63;
    }
  }
};

// The little-endian number modulo the order.
Scalar scalar_of(std::span<const std::byte> bytes) noexcept {
  Scalar scalar;
  for (std::size_t i = 8 * bytes.size(); i-- > 0;) {
    scalar.append((std::to_integer<std::uint32_t>(bytes[i / 8]) >> (i % 8) & 1) != 0);
  }
  return scalar;
}

// A point (x/z, y/z) with t = xy/z of the curve -x^2 + y^2 = 1 + d x^2 y^2; 0 is (0, 1).
struct Point {
  Field25519 x = Field25519(0);
  Field25519 y = Field25519(1);
  Field25519 z = Field25519(1);
  Field25519 t = Field25519(0);
};

Point finished(const Field25519& e, const Field25519& f, const Field25519& g,
               const Field25519& h) noexcept {
  return {e * f, g * h, f * g, e * h};
}

// t is wanted by sums alone.
Point doubled(const Point& p, bool wants_t) noexcept {
  const Field25519 a = p.x.squared();
  const Field25519 b = p.y.squared();
  const Field25519 z2 = p.z.squared();
  const Field25519 g = a - b;
  const Field25519 h = a + b;
  const Field25519 e = h - (p.x + p.y).squared();
  const Field25519 f = z2 + z2 + g;
  if (wants_t) return finished(e, f, g, h);
  return {e * f, g * h, f * g, Field25519{}};
}

// A point as it is added to others, often.
struct Addend {
  Field25519 less;   // y - x
  Field25519 more;   // y + x
  Field25519 twice;  // 2 z
  Field25519 td;     // 2 d t

  Addend() = default;
  Addend(const Point& p, const Field25519& d) noexcept
      : less(p.y - p.x), more(p.y + p.x), twice(p.z + p.z), td((p.t + p.t) * d) {}

  Addend operator-() const noexcept {
    Addend other = *this;
    std::swap(other.less, other.more);
    other.td = -td;
    return other;
  }
};

Point operator+(const Point& p, const Addend& q) noexcept {
  const Field25519 a = (p.y - p.x) * q.less;
  const Field25519 b = (p.y + p.x) * q.more;
  const Field25519 c = p.t * q.td;
  const Field25519 d = p.z * q.twice;
  return finished(b - a, d - c, d + c, b + a);
}

// A point times 1, 3, 5 and so on.
template <std::size_t count>
using Multiples = std::array<Addend, count>;

template <std::size_t count>
Multiples<count> multiples_of(const Point& p, const Field25519& d) noexcept {
  const Addend two(doubled(p, true), d);
  Multiples<count> out;
  Point next = p;
  for (Addend& each : out) {
    each = Addend(next, d);
    next = next + two;
  }
  return out;
}

constexpr std::size_t kBaseMultiples = 16;
constexpr std::size_t kKeyMultiples = 8;

struct Curve {
  Field25519 d = -Field25519(121665) * Field25519(121666).inverse();
  // Of -1: 2^((p - 1) / 4), and (p - 1) / 4 = 2 (p - 5) / 8 + 1.
  Field25519 root = Field25519(2).root_power().squared() * Field25519(2);
  Multiples<kBaseMultiples> base;

  Curve() noexcept {
    // y = 4/5, and the even x.
    const Field25519 y = Field25519(4) * Field25519(5).inverse();
    base = multiples_of<kBaseMultiples>(*point_of(y.bytes()), d);
  }

  std::optional<Point> point_of(Bytes32 bytes) const noexcept;
};

const Curve& curve() noexcept {
  static const Curve made;
  return made;
}

// None when RFC 8032 (5.1.3) has no point for the bytes.
std::optional<Point> Curve::point_of(Bytes32 bytes) const noexcept {
  constexpr std::byte kSign{0x80};
  const bool is_odd = (bytes[31] & kSign) != std::byte{0};
  bytes[31] &= ~kSign;
  Point point;
  point.y = Field25519::from_bytes(bytes);
  if (point.y.bytes() != bytes) return std::nullopt;
  const Field25519 y2 = point.y.squared();
  const Field25519 u = y2 - Field25519(1);
  const Field25519 v = d * y2 + Field25519(1);
  const Field25519 v3 = v.squared() * v;
  Field25519 x = u * v3 * (u * v3.squared() * v).root_power();
  const Field25519 square = v * x.squared();
  if (square == -u) {
    x = x * root;
  } else if (!(square == u)) {
    return std::nullopt;
  }
  if (x.is_zero() && is_odd) return std::nullopt;
  point.x = x.is_odd() == is_odd ? x : -x;
  point.t = point.x * point.y;
  return point;
}

bool is_of_small_order(const Point& point) noexcept {
  const Point eight = doubled(doubled(doubled(point, false), false), false);
  return eight.x.is_zero() && eight.y == eight.z;
}

// Digits of a scalar in base 2, each 0 or odd and between -2 count and 2 count, with zeros around
// those that are not: sum of digit[i] 2^i.
using Digits = std::array<std::int8_t, 256>;

Digits digits_of(const Scalar& scalar, std::size_t count) noexcept {
  Digits digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = scalar.bit(i) ? 1 : 0;
  const auto most = static_cast<int>(2 * count - 1);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] == 0) continue;
    for (std::size_t over = 1; i + over < digits.size() && (1 << over) <= 2 * most + 1; ++over) {
      if (digits[i + over] == 0) continue;
      const int part = digits[i + over] << over;
      if (digits[i] + part <= most) {
        digits[i] = static_cast<std::int8_t>(digits[i] + part);
        digits[i + over] = 0;
      } else if (digits[i] - part >= -most) {
        digits[i] = static_cast<std::int8_t>(digits[i] - part);
        // The part was taken away where it is to be added: what is above carries it.
        std::size_t above = i + over;
        while (digits[above] != 0) digits[above++] = 0;
        digits[above] = 1;
      } else {
        break;
      }
    }
  }
  return digits;
}

template <std::size_t count>
Point sum_with(const Point& sum, const Multiples<count>& multiples, int digit) noexcept {
  if (digit == 0) return sum;
  if (digit > 0) return sum + multiples[static_cast<std::size_t>(digit / 2)];
  return sum + -multiples[static_cast<std::size_t>(-digit / 2)];
}

// a times the base, and b * q.
Point sum_of_products(const Scalar& a, const Scalar& b, const Point& q) noexcept {
  const auto multiples = multiples_of<kKeyMultiples>(q, curve().d);
  const Digits in_a = digits_of(a, kBaseMultiples);
  const Digits in_b = digits_of(b, kKeyMultiples);
  Point sum;
  for (std::size_t i = in_a.size(); i-- > 0;) {
    sum = doubled(sum, in_a[i] != 0 || in_b[i] != 0);
    // A second sum needs t of the first one, which every sum has.
    sum = sum_with(sum, curve().base, in_a[i]);
    sum = sum_with(sum, multiples, in_b[i]);
  }
  return sum;
}

Bytes32 bytes_of(const Point& point) noexcept {
  const Field25519 over = point.z.inverse();
  Bytes32 bytes = (point.y * over).bytes();
  if ((point.x * over).is_odd()) bytes[31] |= std::byte{0x80};
  return bytes;
}

}  // namespace

bool verify_ed25519(std::span<const std::byte, kEd25519KeyBytes> key,
                    std::span<const std::byte> message,
                    std::span<const std::byte, kEd25519SignatureBytes> signature) noexcept {
  Bytes32 key_bytes;
  std::ranges::copy(key, key_bytes.begin());
  std::optional<Point> point = curve().point_of(key_bytes);
  if (!point || is_of_small_order(*point)) return false;
  const auto r = signature.first<32>();
  Scalar s;
  for (std::size_t i = 0; i < 32; ++i) {
    s.word[i / 4] |= std::to_integer<std::uint32_t>(signature[32 + i]) << (8 * (i % 4));
  }
  if (!s.is_below_order()) return false;
  Sha512 hash;
  hash.add(r);
  hash.add(key);
  hash.add(message);
  const Scalar k = scalar_of(hash.finish());
  point->x = -point->x;
  point->t = -point->t;
  return std::ranges::equal(bytes_of(sum_of_products(s, k, *point)), r);
}

}  // namespace kedge
