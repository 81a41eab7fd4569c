#include "kedge/kernels/summary_columns.h"

#include <array>

namespace kedge {

std::span<const SummaryColumnsVariant> summary_columns_variants() noexcept {
  static const std::array variants = {
      summary_columns_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      summary_columns_avx2(),
      summary_columns_avx512(),
#endif
  };
  return variants;
}

}  // namespace kedge
