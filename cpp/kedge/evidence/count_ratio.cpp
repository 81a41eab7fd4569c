#include "kedge/evidence/count_ratio.h"

#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {

CountRatio::CountRatio(double boundary, double alternative) {
  if (!(0 < boundary && boundary < alternative && alternative < 1)) {
    throw invalid_argument("alternative = ", alternative, " is not between the boundary ", boundary,
                           " and 1");
  }
  const double gap = alternative - boundary;
  log_hit_ = log1p_of(gap / boundary);
  log_miss_ = log1p_of(-gap / (1 - boundary));
}

}  // namespace kedge
