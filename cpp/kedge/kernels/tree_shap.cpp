#include "kedge/kernels/tree_shap.h"

#include <array>

namespace kedge {

std::span<const ShapVariant> shap_variants() noexcept {
  static const std::array variants = {
      tree_shap_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      tree_shap_avx2(),
      tree_shap_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
