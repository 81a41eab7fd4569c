#include "kedge/base/sort.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

// -0.0 and +0.0 are equal for std::sort, so the signs are compared as well.
bool before(double a, double b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); }

bool agrees_with_std(std::vector<double> values) {
  std::vector<double> expected = values;
  std::sort(expected.begin(), expected.end(), before);
  sort_values(values);
  return std::equal(values.begin(), values.end(), expected.begin(), expected.end(),
                    [](double a, double b) {
                      return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
                    });
}

template <class Draw>
bool agrees_at_all_sizes(const Draw& draw) {
  for (const std::size_t size : {0, 1, 2, 511, 512, 513, 2000, 20'000}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < size; ++i) values.push_back(draw());
    if (!agrees_with_std(values)) return false;
  }
  return true;
}

TEST("sort: any finite doubles") {
  Random random(1);
  CHECK(agrees_at_all_sizes([&] {
    for (;;) {
      const auto value = std::bit_cast<double>(random.bits());
      if (value == value) return value;
    }
  }));
}

TEST("sort: values that differ in their last bits only") {
  Random random(2);
  CHECK(agrees_at_all_sizes([&] { return 1 + 0x1p-52 * static_cast<double>(random.bits() % 99); }));
}

TEST("sort: ties in the sorted digits, far apart below them") {
  Random random(3);
  CHECK(agrees_at_all_sizes([&] {
    return (random.bits() % 2 == 0 ? -1 : 1) *
           (1 + 0x1p-52 * static_cast<double>(random.bits() % 9999));
  }));
}

TEST("sort: one value, two zeros, infinities") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Random random(4);
  CHECK(agrees_at_all_sizes([] { return 7.25; }));
  CHECK(agrees_at_all_sizes([&] {
    const double values[] = {0.0, -0.0, kInfinity, -kInfinity, 5e-324, -5e-324};
    return values[random.bits() % 6];
  }));
}

TEST("sort: few of anything, by any order of any key") {
  Random random(7);
  for (std::uint32_t count = 0; count < 70; ++count) {
    std::vector<std::pair<std::uint32_t, std::string>> items;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t number = random.below(20);
      items.emplace_back(number, text(number));
    }
    auto wanted = items;
    std::sort(wanted.begin(), wanted.end());
    auto found = items;
    sort_few(found);
    CHECK(found == wanted);
    std::sort(wanted.begin(), wanted.end(),
              [](const auto& a, const auto& b) { return a.second > b.second; });
    sort_few(found, std::ranges::greater(), &std::pair<std::uint32_t, std::string>::second);
    CHECK(found == wanted);
  }
}

}  // namespace
}  // namespace kedge
