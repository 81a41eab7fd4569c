#include "kedge/base/exact_total.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

ExactTotal total_of(std::initializer_list<double> values) {
  ExactTotal total;
  for (const double value : values) total.add(value);
  return total;
}

std::vector<double> wild_values(std::size_t count) {
  Random random(7);
  std::vector<double> values;
  values.reserve(count);
  while (values.size() < count) {
    const double value = std::bit_cast<double>(random.bits());
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

ExactTotal read_back(const ExactTotal& total) {
  ByteWriter out;
  total.write(out);
  ByteReader in(out.view(), "total");
  ExactTotal copy = ExactTotal::read(in);
  in.expect_end();
  return copy;
}

}  // namespace

TEST("a total rounds once, ties to even") {
  constexpr double kMost = std::numeric_limits<double>::max();
  constexpr double kLeast = std::numeric_limits<double>::denorm_min();
  CHECK(total_of({}).value() == 0);
  CHECK(total_of({1e308, 1e308, -1e308, -1e308, 1e-308}).value() == 1e-308);
  CHECK(total_of({1, 0x1p-53}).value() == 1);
  CHECK(total_of({1, 0x1p-53, kLeast}).value() == 1 + 0x1p-52);
  CHECK(total_of({1 + 0x1p-52, 0x1p-53}).value() == 1 + 0x1p-51);
  CHECK(total_of({-1, -0x1p-53, -kLeast}).value() == -1 - 0x1p-52);
  CHECK(total_of({kLeast, kLeast, kLeast}).value() == 3 * kLeast);
  CHECK(total_of({0x1p-1022, -kLeast}).value() == 0x1p-1022 - kLeast);
  CHECK(total_of({kMost, kMost}).value() == std::numeric_limits<double>::infinity());
  CHECK(total_of({-kMost, -kMost}).value() == -std::numeric_limits<double>::infinity());
  CHECK(total_of({kMost, kMost, -kMost}).value() == kMost);
  CHECK(total_of({1, 0x1p-70}).twofold().low == 0x1p-70);
}

TEST("a total is the same in any order and split, and takes back what it was given") {
  std::vector<double> values = wild_values(2000);
  ExactTotal all;
  for (const double value : values) all.add(value);
  ExactTotal left;
  ExactTotal right;
  std::reverse(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) (i < 700 ? left : right).add(values[i]);
  const ExactTotal only_right = right;
  right.merge(left);
  CHECK(right == all);
  CHECK(read_back(right) == all);
  right.subtract(left);
  CHECK(right == only_right);
  for (const double value : values) all.add(-value);
  CHECK(all == ExactTotal());
  CHECK(read_back(all) == all);
}

TEST("a stored total has one spelling") {
  const auto read = [](std::initializer_list<int> bytes) {
    ByteWriter out;
    for (const int byte : bytes) out.write<std::uint8_t>(static_cast<std::uint8_t>(byte));
    ByteReader in(out.view(), "total");
    ExactTotal::read(in);
  };
  CHECK_ERROR("a sum of sign 2", read({2, 0, 0}));
  CHECK_ERROR("a sum of sign 1 with 0 words", read({1, 0, 0}));
  CHECK_ERROR("with 67 words from word 1", read({0, 1, 67}));
  CHECK_ERROR("empty words", read({0, 3, 1, 0, 0, 0, 0}));
  CHECK_ERROR("total", read({0, 3, 1, 0}));
}

}  // namespace kedge
