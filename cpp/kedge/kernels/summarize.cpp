#include "kedge/kernels/summarize.h"

#include <array>

namespace kedge {

std::span<const SummarizeVariant> summarize_variants() noexcept {
  static const std::array variants = {
      summarize_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      summarize_avx2(),
#endif
  };
  return variants;
}

}  // namespace kedge
