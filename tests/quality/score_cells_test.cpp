#include "kedge/quality/score_cells.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {

TEST("a score's cell never falls when the score rises") {
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    const double even = random.uniform();
    const double score = i % 3 == 0 ? even : i % 3 == 1 ? even * 0x1p-13 : 1 - even * 0x1p-13;
    const double next = std::nextafter(score, 2);
    const std::size_t cell = score_cell(score);
    CHECK(cell < kScoreCells);
    if (next <= 1) CHECK(score_cell(next) == cell || score_cell(next) == cell + 1);
  }
  CHECK(score_cell(0) == 0 && score_cell(-0.0) == 0);
  CHECK(score_cell(std::numeric_limits<double>::denorm_min()) == 0);
  CHECK(score_cell(1) == kScoreCells - 1);
}

TEST("one half has its cell for itself") {
  CHECK(score_cell(0.5) == kPointCell);
  CHECK(score_cell(std::nextafter(0.5, 0)) == kPointCell - 1);
  CHECK(score_cell(std::nextafter(0.5, 1)) == kPointCell + 1);
}

TEST("every cell has a score, and the score its cell") {
  for (std::size_t cell = 0; cell < kScoreCells; ++cell) {
    CHECK(score_cell(score_in_cell(cell)) == cell);
  }
}

}  // namespace kedge
