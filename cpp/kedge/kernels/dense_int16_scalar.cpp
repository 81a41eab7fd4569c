#include "kedge/kernels/dense_int16.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

struct BlockSums {
  std::int32_t lanes[kInt16Lanes];

  void add_products(const std::int16_t* x, const std::int16_t* weights) {
    for (std::size_t k = 0; k < kInt16Lanes; ++k) {
      lanes[k] += x[0] * weights[2 * k] + x[1] * weights[2 * k + 1];
    }
  }
  void add_to(std::int64_t* sums) const {
    for (std::size_t k = 0; k < kInt16Lanes; ++k) sums[k] += lanes[k];
  }
};

#include "kedge/kernels/dense_int16_loop.h"

}  // namespace

Int16Variant dense_int16_scalar() noexcept {
  return {Isa::kScalar, multiply<true>, multiply<false>, quantize_rows};
}

}  // namespace kedge
