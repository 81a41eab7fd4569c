// CatBoost's model files in JSON.
#pragma once

#include <string_view>

#include "kedge/model/trees.h"

namespace kedge {

// What save_model(format="json") wrote. The raw scores are those of
// predict(prediction_type="RawFormulaVal"). Symmetric trees become plain ones.
//
// A category feature has the categories that its splits ask for, in the file's order: a row's value
// is the position of its category there, and -1 or NaN any other one. CatBoost asks for hashes; the
// names are in the file when it was saved with pool=.
//
// Throws CorruptData that names the place in the file when it is damaged, Unsupported for splits of
// other kinds (CTRs, text, embeddings), for losses with more than one meaning of an output, and for
// splits by category in a file without their names.
Forest import_catboost(std::string_view json);

}  // namespace kedge
