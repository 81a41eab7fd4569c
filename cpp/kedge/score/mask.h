// The engine for one row of a model of small trees, where the machine picks bytes from registers:
// every node is asked, 16 to 64 trees at a time, which takes less time than walking to those that
// matter.
#pragma once

#include <memory>

#include "kedge/score/engine.h"

namespace kedge {

// Codes of a byte in at most 128 slots, no categories, at most 64 leaves a tree, one value a leaf;
// and trees so uneven, or so many, that asking is less work than walking.
bool mask_serves(const RankedForest& forest) noexcept;
std::unique_ptr<Engine> make_mask(const RankedForest& forest);

}  // namespace kedge
