// XGBoost's own model files, JSON and UBJSON, of version 2 and later.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/model/trees.h"

namespace kedge {

// What Booster.save_model or save_raw wrote; which of the two formats it is, is seen in the bytes.
// The raw scores are those of Booster.predict(DMatrix, output_margin=True), which takes all
// iterations, also those after the best one of an early stop.
//
// The gbtree and dart boosters, numeric and categorical splits, one or more values at a leaf.
// multi:softmax is given the probabilities of its classes, of which predict() names the largest.
//
// Throws CorruptData that names the place in the file when it is damaged, Unsupported for other
// boosters, for objectives of survival and those that are not known, and for older files.
Forest import_xgboost(std::span<const std::byte> data);

}  // namespace kedge
