// A forest as the constants of score/flat_forest.
#pragma once

#include <cstddef>
#include <string>

#include "kedge/model/quantize.h"

namespace kedge {

// Appends arrays, and `kForest` of them; returns their bytes where pointers have 32 bits. The
// forest has no linear leaves.
std::size_t write_forest(std::string& out, const RankedForest& forest, bool rows_are_double);

}  // namespace kedge
