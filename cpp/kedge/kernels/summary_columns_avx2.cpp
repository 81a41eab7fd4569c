#if defined(__x86_64__)

#include "kedge/kernels/summary_columns.h"

#define KEDGE_TARGET __attribute__((target("avx2,fma")))

namespace kedge {
namespace {

#include "kedge/kernels/summary_merges_loop.h"

#include "kedge/kernels/summary_answers_loop.h"

}  // namespace

SummaryColumnsVariant summary_columns_avx2() noexcept { return variant_of(Isa::kAvx2); }

}  // namespace kedge
#endif
