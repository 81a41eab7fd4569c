#if defined(__aarch64__)

#include "kedge/kernels/rank.h"

#include <arm_neon.h>

#define KEDGE_TARGET

namespace kedge {
namespace {

// Where a cut is reached a lane is minus one.
inline std::uint32_t reached(float value, const float* block) {
  const float32x4_t all = vdupq_n_f32(value);
  const uint32x4_t low =
      vaddq_u32(vcgeq_f32(all, vld1q_f32(block)), vcgeq_f32(all, vld1q_f32(block + 4)));
  const uint32x4_t high =
      vaddq_u32(vcgeq_f32(all, vld1q_f32(block + 8)), vcgeq_f32(all, vld1q_f32(block + 12)));
  return -vaddvq_u32(vaddq_u32(low, high));
}
// One cut says which half of them the others are in.
inline std::uint32_t reached(double value, const double* block) {
  const std::uint32_t below = value >= block[7] ? 8 : 0;
  const double* half = block + below;
  const float64x2_t all = vdupq_n_f64(value);
  const uint64x2_t low =
      vaddq_u64(vcgeq_f64(all, vld1q_f64(half)), vcgeq_f64(all, vld1q_f64(half + 2)));
  const uint64x2_t high =
      vaddq_u64(vcgeq_f64(all, vld1q_f64(half + 4)), vcgeq_f64(all, vld1q_f64(half + 6)));
  return below - static_cast<std::uint32_t>(vaddvq_u64(vaddq_u64(low, high)));
}

#include "kedge/kernels/rank_fan_loop.h"

}  // namespace

RankVariant rank_neon() noexcept {
  RankVariant variant = rank_scalar();
  variant.isa = Isa::kNeon;
  variant.fan_f32 = fan_ranks<float>;
  variant.fan_f64 = fan_ranks<double>;
  return variant;
}

}  // namespace kedge

#endif
