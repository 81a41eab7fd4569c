#if defined(__x86_64__)

#include "kedge/kernels/summary_columns.h"

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))

namespace kedge {
namespace {

#include "kedge/kernels/summary_merges_loop.h"

#include "kedge/kernels/summary_answers_loop.h"

}  // namespace

SummaryColumnsVariant summary_columns_avx512() noexcept { return variant_of(Isa::kAvx512); }

}  // namespace kedge
#endif
