#include "kedge/kernels/tree_shap.h"

#include <algorithm>
#include <vector>

#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/random.h"
#include "kedge/base/text.h"
#include "kedge/score/explain_plan.h"
#include "score/covers.h"
#include "score/matrices.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using test::ForestShape;

// Codes for every slot that a row could have, a block of them.
std::vector<std::uint32_t> draw_codes(const RankedForest& forest, Random& random) {
  std::vector<std::uint32_t> codes;
  for (const Slot& slot : forest.slots) {
    for (std::size_t j = 0; j < kBlockRows; ++j) {
      codes.push_back(random.below(most_code(forest.tables[slot.table]) + 1));
    }
  }
  return codes;
}

// What one variant says of a block, and of each of its rows.
struct Runs {
  Runs(const ShapVariant& variant, const ExplainPlan& plan, const RankedForest& forest)
      : variant(variant),
        plan(plan),
        forest(forest),
        size(std::size_t{forest.features} * kBlockRows),
        memory((std::max(plan.most_work(), plan.most_row_work()) + size + kBlockRows) *
               sizeof(double)) {}

  std::vector<double> block(std::size_t rows, const std::vector<std::uint32_t>& codes) {
    std::vector<std::uint64_t> right(plan.most_nodes()), there(plan.most_nodes());
    double* phi = memory.as<double>().data();
    std::fill_n(phi, size, 0.0);
    for (std::size_t i = 0; i < forest.trees.size(); ++i) {
      const ShapTree tree = plan.tree(i, 0);
      variant.ask(tree, codes.data(), right.data(), there.data());
      variant.block(tree, rows, right.data(), there.data(), phi + size, phi);
    }
    return {phi, phi + size};
  }

  std::vector<double> row(std::size_t row, const std::vector<std::uint32_t>& codes) {
    std::vector<std::uint32_t> own;
    for (std::size_t i = row; i < codes.size(); i += kBlockRows) own.push_back(codes[i]);
    std::vector<std::uint8_t> sides(plan.most_nodes());
    double* phi = memory.as<double>().data();
    std::fill_n(phi, size, 0.0);
    for (std::size_t i = 0; i < forest.trees.size(); ++i) {
      variant.row(plan.tree(i, 0), own.data(), sides.data(), phi + size, phi);
    }
    return {phi, phi + forest.features};
  }

  const ShapVariant& variant;
  const ExplainPlan& plan;
  const RankedForest& forest;
  std::size_t size;
  Buffer memory;
};

bool same_rows(std::size_t rows, const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i % kBlockRows < rows && !test::same_bits(a[i], b[i])) return false;
  }
  return true;
}

void check_variants(const ForestShape& shape, std::uint64_t seed) {
  Forest forest = test::random_forest(shape, seed);
  test::bound_leaves(forest);
  test::draw_covers(forest, seed);
  const RankedForest ranked = quantize(forest);
  const ExplainPlan plan(ranked);
  Random random(seed);
  const std::vector<std::uint32_t> codes = draw_codes(ranked, random);
  const std::vector<double> wanted = Runs(shap_variants().front(), plan, ranked).block(64, codes);
  for (const ShapVariant& variant : shap_variants()) {
    if (!is_runnable(variant.isa)) continue;
    Runs runs(variant, plan, ranked);
    const auto report = [&](bool is_same, std::size_t rows) {
      test::report(is_same, __FILE__, __LINE__,
                   text(isa_name(variant.isa), ", ", shape.name, ", ", rows, " rows"));
    };
    for (const std::size_t rows : {1, 2, 3, 7, 8, 9, 63, 64}) {
      report(same_rows(rows, runs.block(rows, codes), wanted), rows);
    }
    for (const std::size_t row : {0, 1, 31, 63}) {
      const std::vector<double> found = runs.row(row, codes);
      for (std::size_t j = 0; j < found.size(); ++j) {
        report(test::same_bits(found[j], wanted[j * kBlockRows + row]), 1);
      }
    }
  }
}

}  // namespace

TEST("every variant explains with the same bits, a block and a row") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (!shape.is_linear && shape.outputs == 1) check_variants(shape, 3);
  }
  for (const std::uint32_t features : {1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 24, 32, 50, 90}) {
    check_variants({.name = "a chain",
                    .features = features,
                    .trees = 4,
                    .most_leaves = 2 * features + 40,
                    .is_exact = true,
                    .is_chain = true,
                    .categories = 3},
                   features);
  }
}

}  // namespace kedge
