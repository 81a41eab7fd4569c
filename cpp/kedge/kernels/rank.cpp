#include "kedge/kernels/rank.h"

#include <array>

namespace kedge {

std::span<const RankVariant> rank_variants() noexcept {
  static const std::array variants = {
      rank_scalar(),
#if defined(__x86_64__)
      rank_avx2(),
      rank_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
