#include "kedge/kernels/dense_int16.h"

#include <array>

namespace kedge {

std::span<const Int16Variant> dense_int16_variants() noexcept {
  static const std::array variants = {
      dense_int16_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      dense_int16_avx2(),
#endif
  };
  return variants;
}

}  // namespace kedge
