// The engine for one row, and for every model: trees are walked eight at a time without a branch,
// so that the loads of one walk wait beside those of the others. A row's time does not depend on
// its values.
#pragma once

#include <memory>

#include "kedge/score/engine.h"

namespace kedge {

std::unique_ptr<Engine> make_walk(const RankedForest& forest);

}  // namespace kedge
