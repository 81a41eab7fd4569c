#include "kedge/drift/pair_screen.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kedge/drift/feature_bins.h"

namespace kedge {
namespace {

constexpr double kLeastExcess = 3;
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 28;  // about half a second

// The shares of one sample over the codes of two columns.
struct Joint {
  std::array<double, kCoarseCodes * kCoarseCodes> cells = {};
  std::array<double, kCoarseCodes> first = {};
  std::array<double, kCoarseCodes> second = {};
  double rows = 0;

  double beyond_margins(std::size_t a, std::size_t b) const noexcept {
    return cells[a * kCoarseCodes + b] - first[a] * second[b];
  }
};

Joint joint_of(const CoarseColumns& columns, std::uint32_t first, std::uint32_t second,
               std::size_t stride) {
  std::array<std::uint32_t, kCoarseCodes * kCoarseCodes> counts = {};
  const auto& a = columns[first];
  const auto& b = columns[second];
  Joint joint;
  for (std::size_t row = 0; row < a.size(); row += stride) ++counts[a[row] * kCoarseCodes + b[row]];
  const std::size_t looked_at = (a.size() + stride - 1) / stride;
  joint.rows = static_cast<double>(looked_at);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    joint.cells[i] = counts[i] / joint.rows;
    joint.first[i / kCoarseCodes] += joint.cells[i];
    joint.second[i % kCoarseCodes] += joint.cells[i];
  }
  return joint;
}

// A sum of squares like Pearson's. A cell's variance lies near its share times 1/n where columns
// depend, near the product of its margins where they do not: the middle of the two is taken.
double excess_of(const Joint& x, const Joint& y) {
  double squares = 0;
  std::size_t used_first = 0;
  std::size_t used_second = 0;
  for (std::size_t a = 0; a < kCoarseCodes; ++a) {
    used_first += x.first[a] + y.first[a] > 0;
    used_second += x.second[a] + y.second[a] > 0;
    for (std::size_t b = 0; b < kCoarseCodes; ++b) {
      const double change = y.beyond_margins(a, b) - x.beyond_margins(a, b);
      const std::size_t cell = a * kCoarseCodes + b;
      const double spread = ((x.cells[cell] + y.cells[cell]) / 2 +
                             (x.first[a] + y.first[a]) / 2 * ((x.second[b] + y.second[b]) / 2)) /
                            2;
      if (spread > 0) squares += change * change / spread;
    }
  }
  if (used_first < 2 || used_second < 2) return 0;
  const auto freedom = static_cast<double>((used_first - 1) * (used_second - 1));
  return (squares / (1 / x.rows + 1 / y.rows) - freedom) / std::sqrt(2 * freedom);
}

}  // namespace

std::vector<ColumnPair> changed_pairs(const CoarseColumns& reference, const CoarseColumns& current,
                                      std::size_t most) {
  std::vector<ColumnPair> found;
  const std::size_t columns = reference.size();
  if (columns < 2 || reference[0].empty() || current[0].empty()) return found;
  const std::uint64_t pairs = std::uint64_t{columns} * (columns - 1) / 2;
  const std::uint64_t steps = pairs * (reference[0].size() + current[0].size());
  const auto stride = static_cast<std::size_t>(steps / kMostSteps + 1);
  for (std::uint32_t i = 0; i < columns; ++i) {
    for (std::uint32_t j = i + 1; j < columns; ++j) {
      const double excess =
          excess_of(joint_of(reference, i, j, stride), joint_of(current, i, j, stride));
      if (excess > kLeastExcess) found.push_back({i, j, excess});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const ColumnPair& a, const ColumnPair& b) { return a.excess > b.excess; });
  found.resize(std::min(found.size(), most));
  return found;
}

}  // namespace kedge
