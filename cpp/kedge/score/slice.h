// The engine for many rows: 64 at a time, each node one comparison of bytes for all of them.
#pragma once

#include <memory>

#include "kedge/score/engine.h"

namespace kedge {

// Codes of a byte, at most 256 leaves a tree and 126 categories a feature, no linear leaves and one
// value a leaf.
bool slice_serves(const RankedForest& forest) noexcept;
std::unique_ptr<Engine> make_slice(const RankedForest& forest);

}  // namespace kedge
