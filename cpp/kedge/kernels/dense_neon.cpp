#if defined(__aarch64__)

#include "kedge/kernels/dense.h"

#include <arm_neon.h>

#define KEDGE_TARGET

namespace kedge {
namespace {

inline float32x4_t load_lanes(const float* from) { return vld1q_f32(from); }
inline float64x2_t load_lanes(const double* from) { return vld1q_f64(from); }
inline void store_lanes(float* to, float32x4_t value) { vst1q_f32(to, value); }
inline void store_lanes(double* to, float64x2_t value) { vst1q_f64(to, value); }
inline float32x4_t sum_with_product(float x, float32x4_t factors, float32x4_t sum) {
  return vfmaq_n_f32(sum, factors, x);
}
inline float64x2_t sum_with_product(double x, float64x2_t factors, float64x2_t sum) {
  return vaddq_f64(sum, vmulq_n_f64(factors, x));
}
inline float32x4_t positive(float32x4_t value) {
  return vbslq_f32(vcltzq_f32(value), vdupq_n_f32(0), value);
}
inline float64x2_t positive(float64x2_t value) {
  return vbslq_f64(vcltzq_f64(value), vdupq_n_f64(0), value);
}

template <class Number, class Lanes>
struct Panel {
  static constexpr std::size_t kTileRows = 6;
  static constexpr std::size_t kTilePanels = 1;
  static constexpr std::size_t kRowPanels = 4;
  static constexpr std::size_t kEach = sizeof(Lanes) / sizeof(Number);
  Lanes lanes[4];

  static Panel load(const Number* from) {
    return {{load_lanes(from), load_lanes(from + kEach), load_lanes(from + 2 * kEach),
             load_lanes(from + 3 * kEach)}};
  }
  void add_product(Number x, const Panel& factors) {
    for (std::size_t i = 0; i < 4; ++i) {
      lanes[i] = sum_with_product(x, factors.lanes[i], lanes[i]);
    }
  }
  void keep_positive() {
    for (Lanes& four : lanes) four = positive(four);
  }
  void store(Number* to) const {
    for (std::size_t i = 0; i < 4; ++i) store_lanes(to + i * kEach, lanes[i]);
  }
};

#include "kedge/kernels/dense_loop.h"

}  // namespace

DenseVariant dense_neon() noexcept {
  return {Isa::kNeon, multiply<Panel<float, float32x4_t>, float>,
          multiply<Panel<double, float64x2_t>, double>};
}

}  // namespace kedge

#endif
