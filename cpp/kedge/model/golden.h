// Rows that try what goes wrong: thresholds and their neighbours, missing values, names unseen.
#pragma once

#include "kedge/model/bundle.h"
#include "kedge/model/trees.h"

namespace kedge {

// Some rows drawn from the model's own thresholds and sets, with the scores that plain_scores gives
// them. The same for the same model.
Golden make_golden(const Forest& forest);

}  // namespace kedge
