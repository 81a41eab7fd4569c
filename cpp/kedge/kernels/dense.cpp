#include "kedge/kernels/dense.h"

#include <array>

namespace kedge {

std::span<const DenseVariant> dense_variants() noexcept {
  static const std::array variants = {
      dense_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      dense_avx2(),
      dense_avx512(),
#elif defined(__aarch64__)
      dense_neon(),
#endif
  };
  return variants;
}

}  // namespace kedge
