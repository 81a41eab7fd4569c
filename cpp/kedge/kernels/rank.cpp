#include "kedge/kernels/rank.h"

#include <array>

namespace kedge {

std::span<const RankVariant> rank_variants() noexcept {
  static const std::array variants = {
      rank_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      rank_avx2(),
      rank_avx512(),
#elif defined(__aarch64__)
      rank_neon(),
#endif
  };
  return variants;
}

}  // namespace kedge
