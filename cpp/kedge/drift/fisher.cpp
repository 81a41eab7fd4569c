#include "kedge/drift/fisher.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kTied = 1e-12;

// a * b as `high` and what its rounding lost, by Dekker's splitting: exact below 2^500.
struct Product {
  Product(double a, double b) noexcept : high(a * b) {
    constexpr double kSplitter = 0x1p27 + 1;
    const double a_high = kSplitter * a - (kSplitter * a - a);
    const double b_high = kSplitter * b - (kSplitter * b - b);
    const double a_low = a - a_high;
    const double b_low = b - b_high;
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
  }
  double high;
  double low;
};

// a b - c d, rounded once or twice, with the right sign.
double cross(double a, double b, double c, double d) noexcept {
  const Product first(a, b);
  const Product second(c, d);
  return (first.high - second.high) + (first.low - second.low);
}

// log(n!) without Stirling's n log n - n.
double factorial_rest(double n) noexcept {
  return n > 0 ? stirling_error(n) + log_of(kTwoPi * n) / 2 : 0;
}

// A table with fixed margins, and how far `a` is above what independence expects; kept apart,
// because the difference of two large numbers would lose it. Real steps make real tables.
struct Table {
  double a, b, c, d, excess;

  Table step(double by) const noexcept { return {a + by, b - by, c - by, d + by, excess + by}; }
  Table mirror() const noexcept { return {b, a, d, c, -excess}; }
  bool falls() const noexcept { return cross(b, c, a + 1, d + 1) <= 0; }  // at the next step
};

class Hypergeometric {
 public:
  explicit Hypergeometric(const Table& t) noexcept {
    const double first = t.a + t.b;
    const double second = t.c + t.d;
    const double left = t.a + t.c;
    const double right = t.b + t.d;
    const double total = first + second;
    margins_ = factorial_rest(first) + factorial_rest(second) + factorial_rest(left) +
               factorial_rest(right) - factorial_rest(total);
    deviation_ = std::sqrt(first / total * (second / total) * (left / total) * right);
  }

  // The factorials in saddle-point form: the parts n log n add up to count * log(count / expected),
  // whose terms of the size of `excess` cancel over the four cells and are left out of each.
  double log_probability(const Table& t) const noexcept {
    double product = 1;
    double sum = 0;
    const auto add = [&](double count, double excess) {
      if (count > 0) {
        product *= kTwoPi * count;
        sum += stirling_error(count) - count * log1pmx(-excess / count);
      } else {
        sum -= excess;
      }
    };
    add(t.a, t.excess);
    add(t.b, -t.excess);
    add(t.c, -t.excess);
    add(t.d, t.excess);
    return margins_ - sum - log_of(product) / 2;
  }

  // The probability of the table and of those beyond it, away from the mode.
  double tail(const Table& table) const noexcept {
    constexpr double kWide = 2000;
    const double log_first = log_probability(table);
    const double first = exp_of(log_first);
    if (first == 0) return 0;
    return first * (deviation_ > kWide ? wide_tail(table, log_first) : narrow_tail(table));
  }

 private:
  // In units of the first term.
  static double narrow_tail(Table t) noexcept {
    double sum = 1;
    for (double term = 1; t.b > 0 && t.c > 0 && term > 1e-17 * sum; t = t.step(1)) {
      term *= t.b * t.c / ((t.a + 1) * (t.d + 1));
      sum += term;
    }
    return sum;
  }

  // The same sum as an integral from half a step before the first term, with Euler and Maclaurin's
  // correction by differences there. The next term of it is (z / deviation)^5 / 1000, z being the
  // first term's distance in deviations: below 3e-12 for all that does not underflow. The integral
  // is a sum over y = scale * exp(s - exp(-s)), which falls double-exponentially at both ends.
  double wide_tail(const Table& table, double log_first) const noexcept {
    const auto ratio = [&](double by) {
      return exp_of(log_probability(table.step(by)) - log_first);
    };
    constexpr double kStep = 1.0 / 16;
    const double scale = deviation_ / std::max(1.0, table.excess / deviation_);
    double integral = 0;
    for (double s = -4; s <= 5; s += kStep) {
      const double shrink = exp_of(-s);
      const double y = scale * exp_of(s - shrink);
      if (y >= std::min(table.b, table.c)) break;
      integral += kStep * y * (1 + shrink) * ratio(y - 0.5);
    }
    const double at_two_less = ratio(-2);
    const double at_one_less = ratio(-1);
    const double slope = 1 - at_one_less;
    const double third = ratio(1) - 3 + 3 * at_one_less - at_two_less;
    return integral + slope / 24 - third * 17 / 5760;
  }

  double margins_;
  double deviation_;
};

// The tables on the other side of the mode that are no likelier, for a table that lies above it.
double opposite_tail(const Hypergeometric& law, const Table& table, double bound) noexcept {
  const double last = std::min(table.a, table.d);
  double likelier = std::clamp(std::floor(table.excess), 1.0, last);
  if (law.log_probability(table.step(-likelier)) <= bound) return 1;
  double found = last;
  if (law.log_probability(table.step(-found)) > bound) return 0;
  while (found - likelier > 1) {
    const double middle = likelier + std::floor((found - likelier) / 2);
    (law.log_probability(table.step(-middle)) > bound ? likelier : found) = middle;
  }
  return law.tail(table.step(-found).mirror());
}

}  // namespace

double fisher_exact(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  const bool large = a > kMost || b > kMost || c > kMost || d > kMost;
  if (large || a + b + c + d > kMost) {
    throw invalid_argument("a table of ", a, ", ", b, ", ", c, " and ", d,
                           ": it may hold 2^53 values in all");
  }
  if (a + b == 0 || c + d == 0 || a + c == 0 || b + d == 0) return 1;
  const auto real = [](std::uint64_t count) { return static_cast<double>(count); };
  Table table{real(a), real(b), real(c), real(d), 0};
  table.excess = cross(table.a, table.d, table.b, table.c) / real(a + b + c + d);
  if (!table.falls()) {
    table = table.mirror();
  } else if (table.mirror().falls()) {
    return 1;  // the mode
  }
  const Hypergeometric law(table);
  const double bound = law.log_probability(table) + kTied;
  return std::min(1.0, law.tail(table) + opposite_tail(law, table, bound));
}

}  // namespace kedge
