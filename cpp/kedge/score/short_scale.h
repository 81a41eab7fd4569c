// What one int16 stands for.
#pragma once

#include <span>

#include "kedge/score/quantize_graph.h"

namespace kedge {

// A short is a number of `short_scale` quanta, zero among them. Of the values in `values`, all
// finite; of zeros alone the least scale there is. Sorts them.
double short_scale(std::span<float> values, RangeRule calibration);

}  // namespace kedge
