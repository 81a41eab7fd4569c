#if defined(__ARM_NEON)

#include "kedge/kernels/dense_int8.h"

#include <arm_neon.h>

#define KEDGE_TARGET

namespace kedge {
namespace {

#if defined(__aarch64__)
constexpr std::size_t kTileRows = 2;
#else
constexpr std::size_t kTileRows = 1;  // there are sixteen registers
#endif
constexpr std::size_t kTilePanels = 1;
constexpr std::size_t kRowSplit = 1;

KEDGE_TARGET inline uint32x4_t surplus(const std::uint8_t* x, std::size_t groups);
KEDGE_TARGET inline uint8x16_t unsigned_weights(const std::int8_t* weights);
KEDGE_TARGET inline uint8x16_t spread_group(const std::uint8_t* x);

// Two products are added in 32 bits, so that an output has two lanes: those of four outputs are in
// lanes[2 * i] and the next.
struct Sums {
  uint32x4_t lanes[8];

  static Sums begin(const std::int32_t* bias, const std::uint8_t* x, std::size_t groups) {
    Sums sums;
    const uint32x4_t too_much = surplus(x, groups);
    const uint32x4_t none = vdupq_n_u32(0);
    for (std::size_t i = 0; i < 4; ++i) {
      const uint32x4_t four = vreinterpretq_u32_s32(vld1q_s32(bias + 4 * i));
      const uint32x4x2_t spread_out = vzipq_u32(vsubq_u32(four, too_much), none);
      sums.lanes[2 * i] = spread_out.val[0];
      sums.lanes[2 * i + 1] = spread_out.val[1];
    }
    return sums;
  }
  static uint8x16_t spread(const std::uint8_t* x) { return spread_group(x); }
  void add_products(uint8x16_t x, const std::int8_t* weights) {
    for (std::size_t i = 0; i < 4; ++i) {
      const uint8x16_t factors = unsigned_weights(weights + 16 * i);
      const uint16x8_t low = vmull_u8(vget_low_u8(x), vget_low_u8(factors));
      lanes[2 * i] = vpadalq_u16(lanes[2 * i], low);
      const uint16x8_t high = vmull_u8(vget_high_u8(x), vget_high_u8(factors));
      lanes[2 * i + 1] = vpadalq_u16(lanes[2 * i + 1], high);
    }
  }
  static uint32x2_t pairs(uint32x4_t halves) {
    return vpadd_u32(vget_low_u32(halves), vget_high_u32(halves));
  }
  uint32x4_t total(std::size_t i) const {
    return vcombine_u32(pairs(lanes[2 * i]), pairs(lanes[2 * i + 1]));
  }
  static Sums zero() { return {}; }
  void add(const Sums& other) {
    for (std::size_t i = 0; i < 8; ++i) lanes[i] = vaddq_u32(lanes[i], other.lanes[i]);
  }
};

#include "kedge/kernels/dense_int8_outputs_neon.h"

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_neon() noexcept {
#if defined(__aarch64__)
  return {Isa::kNeon, multiply<true>, multiply<false>, quantize_rows<Columns>};
#else
  const Int8Variant scalar = dense_int8_scalar();
  return {Isa::kNeon, multiply<true>, scalar.to_floats, scalar.quantize};
#endif
}

}  // namespace kedge

#endif
