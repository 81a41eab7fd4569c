#include "kedge/score/forest_runner.h"

#include "kedge/score/link.h"

namespace kedge {

ForestRunner::ForestRunner(const RankedForest& forest) : forest_(&forest), least_block_(1) {
  const EngineRow* of_one = &engines().front();  // serves every model
  const EngineRow* of_block = of_one;
  for (const EngineRow& row : engines()) {
    if (!row.can_serve(forest)) continue;
    if (row.least_rows == 1) of_one = &row;
    of_block = &row;
  }
  least_block_ = of_block->least_rows;
  one_ = of_one->make(forest);
  if (of_block != of_one) block_ = of_block->make(forest);
}

void ForestRunner::score(const Rows& rows, void* raw) const noexcept {
  const bool is_block = block_ && rows.count >= least_block_;
  (is_block ? block_ : one_)->score(rows, raw);
}

void ForestRunner::link(float* scores) const noexcept { apply_link(*forest_, 1, scores); }
void ForestRunner::link(double* scores) const noexcept { apply_link(*forest_, 1, scores); }

}  // namespace kedge
