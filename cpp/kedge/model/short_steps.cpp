#include "kedge/model/short_steps.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "kedge/kernels/dense_int16.h"
#include "kedge/model/step_rule.h"

namespace kedge {
namespace {

class ShortStepCheck : StepRule {
 public:
  ShortStepCheck(const Graph& graph, std::size_t place) : StepRule(graph, place) {}

  void run() const {
    const bool is_affine = step_.kind == StepKind::kShortAffine;
    expect_counts(1, is_affine ? 2 : 1);
    if (step_.repeat != 1) refuse("it repeats ", step_.repeat, " times, 1 is possible");
    if (step_.number != NumberKind::kShort && !(is_affine && step_.number == NumberKind::kFloat)) {
      refuse("it cannot write such numbers");
    }
    is_affine ? check_affine() : check_quantize();
  }

 private:
  void check_quantize() const {
    if (step_.width != input_width(0)) refuse("its width is ", step_.width, " of ", input_width(0));
    expect_tensor(0, TensorKind::kFloat, step_.width);
    for (std::size_t j = 0; j < step_.width; ++j) {
      const float factor = graph_.tensor<float>(step_, 0)[j];
      if (!std::isfinite(factor)) refuse("column ", j, ": ", factor);
    }
  }

  void check_affine() const {
    const std::size_t inputs = input_width(0);
    if (inputs > kMostInt16Inputs) refuse(inputs, " inputs, at most ", kMostInt16Inputs);
    if (step_.option > static_cast<std::uint32_t>(Activation::kRelu)) refuse("its option");
    const std::size_t panels = int16_panels(step_.width);
    const std::size_t pairs = int16_pairs(inputs);
    expect_tensor(0, TensorKind::kByte, panels * pairs * kInt16LineBytes);
    expect_tensor(1, TensorKind::kIndex, panels * kInt16ChannelWords);
    for (std::size_t panel = 0; panel < panels; ++panel) {
      for (std::size_t k = 0; k < kInt16Lanes; ++k) check_channel(panel, k);
      for (std::size_t first = 0; first < pairs; first += kInt16Block / 2) {
        check_block(panel, first, std::min(pairs, first + kInt16Block / 2), pairs);
      }
    }
  }

  void check_channel(std::size_t panel, std::size_t k) const {
    const std::int32_t* words = graph_.tensor<std::int32_t>(step_, 1) + panel * kInt16ChannelWords;
    const std::size_t output = panel * kInt16Lanes + k;
    std::int64_t bias;
    std::memcpy(&bias, words + 2 * k, sizeof(bias));
    if (bias > kMostInt16Bias || bias < -kMostInt16Bias) refuse("output ", output, ": bias ", bias);
    if (step_.number != NumberKind::kShort) return;
    const std::int32_t factor = words[2 * kInt16Lanes + k];
    const std::int32_t shift = words[3 * kInt16Lanes + k];
    if (factor < 0 || factor >= 1 << kInt16MultiplierBits || shift < kLeastInt16Shift ||
        shift > kMostInt16Shift) {
      refuse("output ", output, ": multiplier ", factor, ", shift ", shift);
    }
  }

  // No sum of 32 bits overflows.
  void check_block(std::size_t panel, std::size_t first, std::size_t end, std::size_t pairs) const {
    const auto* weights = graph_.tensor<std::int16_t>(step_, 0);
    std::int32_t sums[kInt16Lanes] = {};
    for (std::size_t pair = first; pair < end; ++pair) {
      const std::int16_t* line = weights + (panel * pairs + pair) * kInt16LineNumbers;
      for (std::size_t i = 0; i < kInt16LineNumbers; ++i) sums[i / 2] += std::abs(line[i]);
    }
    for (std::size_t k = 0; k < kInt16Lanes; ++k) {
      if (sums[k] <= kMostInt16Weights) continue;
      refuse("output ", panel * kInt16Lanes + k, ": weights of inputs ", 2 * first, " to ",
             2 * end - 1, " add up to ", sums[k], ", at most ", kMostInt16Weights);
    }
  }
};

}  // namespace

void check_short_step(const Graph& graph, std::size_t place) { ShortStepCheck(graph, place).run(); }

}  // namespace kedge
