#include "kedge/kernels/dense.h"

#include <array>

namespace kedge {

std::span<const DenseVariant> dense_variants() noexcept {
  static const std::array variants = {
      dense_scalar(),
#if defined(__x86_64__)
      dense_avx2(),
      dense_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
