#include "kedge/kernels/summary_columns.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

#include "kedge/kernels/summary_merges_loop.h"

#include "kedge/kernels/summary_answers_loop.h"

}  // namespace

SummaryColumnsVariant summary_columns_scalar() noexcept { return variant_of(Isa::kScalar); }

}  // namespace kedge
