#if defined(__aarch64__)

#include "kedge/kernels/tree_mask.h"

#include <arm_neon.h>

#define KEDGE_TARGET

namespace kedge {
namespace {

using Lanes = uint8x16_t;
constexpr std::size_t kLanes = 16;

inline Lanes all_leaves() { return vdupq_n_u8(0xff); }
inline Lanes left_of(Lanes left, Lanes stays, const std::uint8_t* kept) {
  return vandq_u8(left, vorrq_u8(stays, vld1q_u8(kept)));
}
inline Lanes nearer(Lanes a, Lanes b) { return vminq_u8(a, b); }
inline Lanes first_of(Lanes left, std::size_t first) {
  const Lanes lowest = vorrq_u8(vclzq_u8(vrbitq_u8(left)), vceqzq_u8(left));
  return vqaddq_u8(lowest, vdupq_n_u8(static_cast<std::uint8_t>(first)));
}
inline void put(std::uint8_t* leaves, Lanes lanes) { vst1q_u8(leaves, lanes); }

// clang makes a choice of four instructions out of `left_of` when it knows that these are lanes of
// ones or zeros.
inline Lanes as_bits(Lanes lanes) {
  __asm__("" : "+w"(lanes));
  return lanes;
}

// A row's codes in as many registers as are looked up by one instruction, or by two.
struct TwoRegisters {
  uint8x16x2_t codes;
  explicit TwoRegisters(const std::uint8_t* all) : codes{vld1q_u8(all), vld1q_u8(all + 16)} {}
  Lanes stay(const std::uint8_t* slots, const std::uint8_t* tests) const {
    return as_bits(vcleq_u8(vqtbl2q_u8(codes, vld1q_u8(slots)), vld1q_u8(tests)));
  }
};

uint8x16x4_t four_registers(const std::uint8_t* all) {
  return {vld1q_u8(all), vld1q_u8(all + 16), vld1q_u8(all + 32), vld1q_u8(all + 48)};
}

struct FourRegisters {
  uint8x16x4_t codes;
  explicit FourRegisters(const std::uint8_t* all) : codes(four_registers(all)) {}
  Lanes stay(const std::uint8_t* slots, const std::uint8_t* tests) const {
    return as_bits(vcleq_u8(vqtbl4q_u8(codes, vld1q_u8(slots)), vld1q_u8(tests)));
  }
};

struct EightRegisters {
  uint8x16x4_t low, high;
  explicit EightRegisters(const std::uint8_t* all)
      : low(four_registers(all)), high(four_registers(all + 64)) {}
  Lanes stay(const std::uint8_t* slots, const std::uint8_t* tests) const {
    const Lanes slot = vld1q_u8(slots);
    const Lanes code = vqtbx4q_u8(vqtbl4q_u8(low, slot), high, vsubq_u8(slot, vdupq_n_u8(64)));
    return as_bits(vcleq_u8(code, vld1q_u8(tests)));
  }
};

#include "kedge/kernels/tree_mask_loop.h"

void leaves_of(const MaskPlan& plan, const std::uint8_t* codes, std::uint8_t* leaves) {
  if (plan.slots <= 32) return leaves_by(plan, TwoRegisters(codes), leaves);
  if (plan.slots <= 64) return leaves_by(plan, FourRegisters(codes), leaves);
  leaves_by(plan, EightRegisters(codes), leaves);
}

}  // namespace

MaskVariant tree_mask_neon() noexcept { return {Isa::kNeon, leaves_of, kLanes}; }

}  // namespace kedge

#endif
