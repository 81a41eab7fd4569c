#include "kedge/kernels/tree_mask.h"

#include <array>

namespace kedge {

std::span<const MaskVariant> mask_variants() noexcept {
  static const std::array variants = {
      tree_mask_scalar(),
#if defined(__x86_64__)
      tree_mask_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
