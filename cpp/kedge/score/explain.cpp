#include "kedge/score/explain.h"

#include <algorithm>
#include <cstdint>

#include "kedge/base/buffer.h"
#include "kedge/score/scratch.h"

namespace kedge {
namespace {

constexpr std::size_t kLeastBlockRows = 3;  // fewer are explained one by one
// Numbers that a row may keep, so that they stay in a cache; of larger trees a row is a block.
constexpr std::size_t kMostRowWork = std::size_t{1} << 17;

// Scratch numbers that begin on a cache line.
template <class User>
double* aligned_scratch(std::size_t count) {
  constexpr std::size_t kLine = kCacheLine / sizeof(double);
  auto* start = scratch<double, User>(count + kLine);
  const auto at = reinterpret_cast<std::uintptr_t>(start) / sizeof(double) % kLine;
  return start + (kLine - at) % kLine;
}

struct Sums;
struct Work;

}  // namespace

Explainer::Explainer(const RankedForest& forest)
    : forest_(forest),
      ranker_(forest),
      plan_(forest),
      kernel_(select_variant(shap_variants(), active_isa())) {
  for (std::size_t k = 0; k < forest.outputs; ++k) {
    const double sum = forest.start[k] + plan_.means()[k];
    base_.push_back(sum / forest.divisor * forest.scale + forest.bias[k]);
  }
}

void Explainer::explain(const Rows& rows, double* out) const noexcept {
  const std::size_t width = std::size_t{forest_.outputs} * forest_.features;
  for (std::size_t i = 0; i < rows.count; i += kBlockRows) {
    const Rows part = rows.from(i, std::min(rows.count - i, kBlockRows));
    double* part_out = out + i * width;
    if (part.count >= kLeastBlockRows || plan_.most_row_work() > kMostRowWork) {
      block(part, part_out);
      continue;
    }
    for (std::size_t j = 0; j < part.count; ++j) row(part, j, part_out + j * width);
  }
}

void Explainer::block(const Rows& rows, double* out) const noexcept {
  const std::size_t features = forest_.features;
  const std::size_t width = forest_.outputs * features;
  auto* codes = scratch<std::uint32_t, Explainer>(ranker_.slots() * kBlockRows);
  ranker_.block(rows, rows.count, codes);
  auto* right = scratch<std::uint64_t, Explainer>(2 * plan_.most_nodes());
  std::uint64_t* there = right + plan_.most_nodes();
  double* work = aligned_scratch<Work>(plan_.most_work());
  double* phi = aligned_scratch<Sums>(width * kBlockRows);
  std::fill_n(phi, width * kBlockRows, 0.0);
  for (std::size_t i = 0; i < forest_.trees.size(); ++i) {
    for (std::size_t k = 0; k < forest_.leaf_width; ++k) {
      const ShapTree tree = plan_.tree(i, k);
      if (k == 0) kernel_.ask(tree, codes, right, there);
      const std::size_t output = forest_.trees[i].output + k;
      kernel_.block(tree, rows.count, right, there, work, phi + output * features * kBlockRows);
    }
  }
  for (std::size_t j = 0; j < rows.count; ++j) {
    for (std::size_t i = 0; i < width; ++i) out[j * width + i] = scaled(phi[i * kBlockRows + j]);
  }
}

void Explainer::row(const Rows& rows, std::size_t row, double* out) const noexcept {
  const std::size_t features = forest_.features;
  const std::size_t width = forest_.outputs * features;
  auto* codes = scratch<std::uint32_t, Explainer>(ranker_.slots());
  ranker_.row(rows, row, codes);
  auto* sides = scratch<std::uint8_t, Explainer>(plan_.most_nodes());
  double* work = aligned_scratch<Work>(plan_.most_row_work());
  std::fill_n(out, width, 0.0);
  for (std::size_t i = 0; i < forest_.trees.size(); ++i) {
    for (std::size_t k = 0; k < forest_.leaf_width; ++k) {
      const std::size_t output = forest_.trees[i].output + k;
      kernel_.row(plan_.tree(i, k), codes, sides, work, out + output * features);
    }
  }
  for (std::size_t i = 0; i < width; ++i) out[i] = scaled(out[i]);
}

}  // namespace kedge
