#include "kedge/kernels/dense_int8.h"

#include <array>

namespace kedge {

std::span<const Int8Variant> dense_int8_variants() noexcept {
  static const std::array variants = {
      dense_int8_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      dense_int8_avx2(),
      dense_int8_avx512(),
      dense_int8_amx(),
#elif defined(__ARM_NEON)
      dense_int8_neon(),
#if defined(__aarch64__)
      dense_int8_dotprod(),
#endif
#endif
  };
  return variants;
}

}  // namespace kedge
