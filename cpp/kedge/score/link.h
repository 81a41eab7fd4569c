// From raw scores to what the trainer's predict() gives.
#pragma once

#include <cstddef>
#include <string_view>

#include "kedge/model/trees.h"

namespace kedge {

// In place, `outputs` scores for each row. Computed in double and rounded once, with the same bits
// on every machine. Both our exp and the trainer's may be a unit in the last place off, so that
// predictions differ by up to two of them, and by five from XGBoost's softmax of floats.
void apply_link(const Scoring& scoring, std::size_t rows, double* scores) noexcept;
void apply_link(const Scoring& scoring, std::size_t rows, float* scores) noexcept;

// As people write it: "sigmoid".
std::string_view link_name(Link link) noexcept;

}  // namespace kedge
