#include "kedge/base/math.h"
#include "kedge/kernels/dense.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

inline float sum_with_product(float x, float factor, float sum) noexcept {
  return fma_of(x, factor, sum);
}
inline double sum_with_product(double x, double factor, double sum) noexcept {
  return sum + x * factor;
}

template <class Number>
struct Panel {
  static constexpr std::size_t kTileRows = 4;
  static constexpr std::size_t kTilePanels = 1;
  static constexpr std::size_t kRowPanels = 1;
  static constexpr std::size_t kLanes = kPanelLanes<Number>;
  Number lanes[kLanes];

  static Panel load(const Number* from) {
    Panel panel;
    for (std::size_t i = 0; i < kLanes; ++i) panel.lanes[i] = from[i];
    return panel;
  }
  void add_product(Number x, const Panel& factors) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      lanes[i] = sum_with_product(x, factors.lanes[i], lanes[i]);
    }
  }
  void keep_positive() {
    for (Number& lane : lanes) lane = lane < 0 ? 0 : lane;
  }
  void store(Number* to) const {
    for (std::size_t i = 0; i < kLanes; ++i) to[i] = lanes[i];
  }
};

#include "kedge/kernels/dense_loop.h"

}  // namespace

DenseVariant dense_scalar() noexcept {
  return {Isa::kScalar, multiply<Panel<float>, float>, multiply<Panel<double>, double>};
}

}  // namespace kedge
