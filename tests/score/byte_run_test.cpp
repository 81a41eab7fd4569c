#include "kedge/score/byte_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/plan.h"

namespace kedge {
namespace {

constexpr std::size_t kColumns = 5;
constexpr std::size_t kWidth = 8;  // and three times the zero

// The bytes of a row's own scale as floats: they are what a table of 0 to 255 says.
Graph bytes_of_rows() {
  GraphBuilder net(kColumns, NumberKind::kFloat);
  constexpr double kZero = 0;
  constexpr double kSteps = 255;
  const std::uint32_t lowest =
      net.combine(Combination::kMin, net.reduce(0, Reduction::kMin), {&kZero, 1});
  const std::uint32_t largest =
      net.combine(Combination::kMax, net.reduce(0, Reduction::kMax), {&kZero, 1});
  const std::uint32_t scale = net.combine(
      Combination::kDivide, net.combine(Combination::kSubtract, largest, lowest), {&kSteps, 1});
  GraphStep step{.kind = StepKind::kQuantizeRow, .number = NumberKind::kByte};
  step.width = kWidth;
  const std::uint32_t slots[] = {0, lowest, scale};
  const std::uint32_t bytes = net.add(step, slots);
  std::vector<double> table(256);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<double>(i);
  net.add_tensor(table, NumberKind::kFloat);
  GraphStep read{.kind = StepKind::kByteTable, .number = NumberKind::kFloat};
  read.width = kWidth;
  return net.finish(net.add(read, {&bytes, 1}));
}

float nearest_byte(float x, float zero) {
  return std::clamp(std::isnan(x) ? zero : std::nearbyintf(x) + zero, 0.0F, 255.0F);
}

std::vector<float> plain(const std::vector<float>& row) {
  const float lowest = std::min(*std::ranges::min_element(row), 0.0F);
  const float largest = std::max(*std::ranges::max_element(row), 0.0F);
  const float scale = (largest - lowest) / 255;
  const float zero = nearest_byte(0 - lowest / scale, 0);
  std::vector<float> bytes;
  for (const float x : row) bytes.push_back(nearest_byte(x / scale, zero));
  bytes.resize(kWidth, zero);
  return bytes;
}

std::vector<float> scores(const std::vector<double>& values) {
  const Graph graph = bytes_of_rows();
  std::vector<float> found(values.size() / kColumns * kWidth);
  Plan(graph, RankedForest{}).score(rows_of(values, kColumns), found.data(), false);
  return found;
}

}  // namespace

TEST("a row's bytes are of its own range, halves to the even number") {
  Random random(5);
  for (const double scale : {1e-30, 0.01, 1.0, 510.0, 1e30}) {
    std::vector<double> values(40 * kColumns);
    for (double& value : values) {
      value = static_cast<float>(scale * std::floor(random.uniform() * 9 - 3) / 4);
    }
    const std::vector<float> found = scores(values);
    for (std::size_t i = 0; i < 40; ++i) {
      const std::vector<float> row(
          values.begin() + static_cast<std::ptrdiff_t>(i * kColumns),
          values.begin() + static_cast<std::ptrdiff_t>((i + 1) * kColumns));
      CHECK(std::ranges::equal(plain(row), std::span(found).subspan(i * kWidth, kWidth)));
    }
  }
}

TEST("what is no number is a row's zero, and a row of zeros is zeros") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<float> found = scores({-1, nan, 0, 1, 0.5, 0, 0, 0, 0, 0});
  CHECK(found[1] == found[2]);
  CHECK(std::all_of(found.begin() + kWidth, found.end(), [](float byte) { return byte == 0; }));
}

}  // namespace kedge
