// Areas under curves from the rows of two classes in cells that rise with the score. What lies
// between the bounds is not known from the counts, and the exact area does.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/quality/tally.h"

namespace kedge {

// All NaN when a class has no rows.
struct BoundedArea {
  double value = 0;  // as if the scores of a cell were equal
  double at_least = 0;
  double at_most = 1;
};

// The area under the ROC curve, ties counted half. Rows of one cell may come in any order, so it is
// off by half of the pairs that share a cell at most; those of `point`, a cell that holds but one
// score, are ties. O(cells).
BoundedArea roc_area(std::span<const double> negatives, std::span<const double> positives,
                     std::size_t point);

// The average precision over the positives, each taken at its own score, as scikit-learn's
// average_precision_score. O(cells).
BoundedArea precision_area(std::span<const double> negatives, std::span<const double> positives,
                           std::size_t point);

// Of the scores in a tally: of kBinary, both; of kEstimate, what the area under the ROC curve is
// expected to be if scores are probabilities, each row being as much of a positive as its score.
struct Areas {
  BoundedArea roc;
  BoundedArea precision;
};
Areas areas_of(const Tally& binary);
double expected_roc_area(const Tally& estimate);

}  // namespace kedge
