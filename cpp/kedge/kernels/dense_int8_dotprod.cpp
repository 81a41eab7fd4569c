#if defined(__aarch64__)

#include "kedge/kernels/dense_int8.h"

#include <arm_neon.h>

#define KEDGE_TARGET __attribute__((target("arch=armv8.2-a+dotprod")))

namespace kedge {
namespace {

constexpr std::size_t kTileRows = 4;
constexpr std::size_t kTilePanels = 1;
constexpr std::size_t kRowSplit = 2;

KEDGE_TARGET inline uint32x4_t surplus(const std::uint8_t* x, std::size_t groups);
KEDGE_TARGET inline uint8x16_t unsigned_weights(const std::int8_t* weights);
KEDGE_TARGET inline uint8x16_t spread_group(const std::uint8_t* x);

struct Sums {
  uint32x4_t lanes[4];

  KEDGE_TARGET static Sums begin(const std::int32_t* bias, const std::uint8_t* x,
                                 std::size_t groups) {
    Sums sums;
    const uint32x4_t too_much = surplus(x, groups);
    for (std::size_t i = 0; i < 4; ++i) {
      sums.lanes[i] = vsubq_u32(vreinterpretq_u32_s32(vld1q_s32(bias + 4 * i)), too_much);
    }
    return sums;
  }
  KEDGE_TARGET static uint8x16_t spread(const std::uint8_t* x) { return spread_group(x); }
  KEDGE_TARGET void add_products(uint8x16_t x, const std::int8_t* weights) {
    for (std::size_t i = 0; i < 4; ++i) {
      lanes[i] = vdotq_u32(lanes[i], unsigned_weights(weights + 16 * i), x);
    }
  }
  KEDGE_TARGET uint32x4_t total(std::size_t i) const { return lanes[i]; }
  KEDGE_TARGET static Sums zero() {
    const uint32x4_t none = vdupq_n_u32(0);
    return {{none, none, none, none}};
  }
  KEDGE_TARGET void add(const Sums& other) {
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = vaddq_u32(lanes[i], other.lanes[i]);
  }
};

#include "kedge/kernels/dense_int8_outputs_neon.h"

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_dotprod() noexcept {
  return {Isa::kDotprod, multiply<true>, multiply<false>, quantize_rows<Columns>};
}

}  // namespace kedge

#endif
