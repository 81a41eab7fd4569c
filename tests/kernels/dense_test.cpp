#include "kedge/kernels/dense.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

// Around the tiles of every variant.
constexpr std::size_t kRowCounts[] = {1, 2, 3, 4, 6, 11, 12, 13, 29};
constexpr std::size_t kInputCounts[] = {1, 2, 7, 33};
constexpr std::size_t kPanelCounts[] = {1, 2, 3, 4, 7, 8, 9, 11};

template <class Number>
constexpr Number kHard[] = {0,
                            Number{-0.0},
                            std::numeric_limits<Number>::denorm_min(),
                            -std::numeric_limits<Number>::min(),
                            std::numeric_limits<Number>::max(),
                            std::numeric_limits<Number>::infinity(),
                            std::numeric_limits<Number>::quiet_NaN()};

template <class Number>
Number draw(Random& random) {
  if (random.below(64) == 0) return kHard<Number>[random.below(std::size(kHard<Number>))];
  return static_cast<Number>(random.uniform() - 0.5);
}

template <class Number>
bool same(Number a, Number b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

template <class Number>
DenseKernel<Number> kernel_of(const DenseVariant& variant) {
  if constexpr (sizeof(Number) == sizeof(float)) {
    return variant.of_f32;
  } else {
    return variant.of_f64;
  }
}

// A drawn call, what it reads, and room for what it writes.
template <class Number>
class Drawn {
 public:
  static constexpr std::size_t kLanes = kPanelLanes<Number>;

  Drawn(std::size_t rows, std::size_t inputs, std::size_t panels, Random& random)
      : x_(rows * (inputs + 3)),
        out_(rows * (panels + 1) * kLanes),
        weights_(panels * inputs * kLanes * sizeof(Number)),
        bias_(panels * kLanes * sizeof(Number)) {
    for (Number& value : x_) value = draw<Number>(random);
    for (Number& value : weights_.as<Number>()) value = draw<Number>(random);
    for (Number& value : bias_.as<Number>()) value = draw<Number>(random);
    call.x = x_.data();
    call.x_stride = inputs + 3;
    call.out_stride = (panels + 1) * kLanes;
    call.weights = weights_.as<Number>().data();
    call.bias = bias_.as<Number>().data();
    call.rows = rows;
    call.inputs = inputs;
    call.panels = panels;
    call.relu = random.below(2) == 0;
  }

  std::vector<Number> run(DenseKernel<Number> kernel) {
    out_.assign(out_.size(), Number{7});  // what no kernel may touch keeps it
    call.out = out_.data();
    kernel(call);
    return out_;
  }

  // What dense.h says, an output at a time.
  Number output(std::size_t row, std::size_t k) const {
    Number sum = call.bias[k];
    for (std::size_t j = 0; j < call.inputs; ++j) {
      const Number x = call.x[row * call.x_stride + j];
      const Number w = call.weights[(k / kLanes * call.inputs + j) * kLanes + k % kLanes];
      if constexpr (sizeof(Number) == sizeof(float)) {
        sum = fma_of(x, w, sum);
      } else {
        sum += x * w;
      }
    }
    return call.relu && sum < 0 ? 0 : sum;
  }

  DenseCall<Number> call{};

 private:
  std::vector<Number> x_;
  std::vector<Number> out_;
  Buffer weights_;
  Buffer bias_;
};

template <class Number>
bool is_plain(const Drawn<Number>& drawn, const std::vector<Number>& out) {
  const auto& call = drawn.call;
  for (std::size_t i = 0; i < call.rows; ++i) {
    for (std::size_t k = 0; k < call.out_stride; ++k) {
      const bool is_output = k < call.panels * Drawn<Number>::kLanes;
      const Number wanted = is_output ? drawn.output(i, k) : Number{7};
      if (!same(out[i * call.out_stride + k], wanted)) return false;
    }
  }
  return true;
}

template <class Number>
bool all_variants_are_plain() {
  Random random(5);
  for (const std::size_t rows : kRowCounts) {
    for (const std::size_t inputs : kInputCounts) {
      for (const std::size_t panels : kPanelCounts) {
        if (rows * inputs * panels > 2500) continue;
        Drawn<Number> drawn(rows, inputs, panels, random);
        for (const DenseVariant& variant : dense_variants()) {
          if (!is_runnable(variant.isa)) continue;
          if (!is_plain(drawn, drawn.run(kernel_of<Number>(variant)))) return false;
        }
      }
    }
  }
  return true;
}

}  // namespace

TEST("every variant of dense gives the bits of one output at a time, and writes nothing else") {
  CHECK(all_variants_are_plain<float>());
  CHECK(all_variants_are_plain<double>());
}

}  // namespace kedge
