#include <array>

#include "kedge/score/engine.h"
#include "kedge/score/mask.h"
#include "kedge/score/slice.h"
#include "kedge/score/walk.h"

namespace kedge {

std::span<const EngineRow> engines() noexcept {
  static const std::array rows = {
      EngineRow{"walk", 1, [](const RankedForest&) noexcept { return true; }, make_walk},
      EngineRow{"mask", 1, mask_serves, make_mask},
      EngineRow{"slice", 16, slice_serves, make_slice},
  };
  return rows;
}

}  // namespace kedge
