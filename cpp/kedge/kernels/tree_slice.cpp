#include "kedge/kernels/tree_slice.h"

#include <array>

namespace kedge {

std::span<const SliceVariant> slice_variants() noexcept {
  static const std::array variants = {
      tree_slice_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      tree_slice_avx2(),
      tree_slice_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
