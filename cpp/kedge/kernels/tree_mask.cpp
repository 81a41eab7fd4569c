#include "kedge/kernels/tree_mask.h"

#include <array>

namespace kedge {

std::span<const MaskVariant> mask_variants() noexcept {
  static const std::array variants = {
      tree_mask_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      tree_mask_avx2(),
      tree_mask_avx512(),
#elif defined(__aarch64__)
      tree_mask_neon(),
#endif
  };
  return variants;
}

}  // namespace kedge
