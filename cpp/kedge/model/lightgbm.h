// LightGBM's models: the text that Booster.save_model and model_to_string write, and the JSON of
// Booster.dump_model.
#pragma once

#include <string_view>

#include "kedge/model/trees.h"

namespace kedge {

// All trees of the text, as Booster.predict takes them for a loaded text; the writer has cut it at
// the best iteration. The raw scores are those of predict(raw_score=True) bit for bit.
//
// A model trained with a function of the user's own has the identity as link. Errors are
// CorruptData with the line and key, and Unsupported for an objective that is not known.
Forest import_lightgbm(std::string_view text);

// The same forest of the same booster: the JSON has every number with 17 digits, so nothing is
// lost.
Forest import_lightgbm_json(std::string_view json);

}  // namespace kedge
