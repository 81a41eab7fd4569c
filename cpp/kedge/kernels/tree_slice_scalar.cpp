#include "kedge/kernels/tree_slice.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

inline void look_up(const SliceSet& set, const std::uint8_t* high, const std::uint8_t* low,
                    std::uint8_t* out) {
  for (std::size_t j = 0; j < kBlockRows; ++j) out[j] = set.bits[high[j]] & low[j];
}

#include "kedge/kernels/tree_slice_loop.h"

}  // namespace

SliceVariant tree_slice_scalar() noexcept {
  return {Isa::kScalar, add_trees<double>, add_trees<float>};
}

}  // namespace kedge
