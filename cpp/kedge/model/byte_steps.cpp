#include "kedge/model/byte_steps.h"

#include <cmath>
#include <string_view>

#include "kedge/kernels/dense_int8.h"
#include "kedge/model/step_rule.h"

namespace kedge {
namespace {

class ByteStepCheck : StepRule {
 public:
  ByteStepCheck(const Graph& graph, std::size_t place) : StepRule(graph, place) {}

  void run() const {
    if (step_.kind == StepKind::kQuantizeRow) return check_row();
    if (step_.repeat != 1 && step_.kind != StepKind::kByteAffine) {
      refuse("it repeats ", step_.repeat, " times, 1 is possible");
    }
    const bool is_table = step_.kind == StepKind::kByteTable;
    expect_counts(1, is_table ? 1 : 2);
    const bool to_bytes = step_.number == NumberKind::kByte;
    if (!to_bytes && (step_.kind == StepKind::kQuantize || step_.number != NumberKind::kFloat)) {
      refuse("it cannot write such numbers");
    }
    if (step_.kind == StepKind::kByteAffine) return check_affine();
    if (step_.width != input_width(0)) refuse("its width is ", step_.width, " of ", input_width(0));
    if (is_table) return expect_tensor(0, to_bytes ? TensorKind::kByte : TensorKind::kFloat, 256);
    check_quantize();
  }

 private:
  void check_quantize() const {
    expect_tensor(0, TensorKind::kFloat, step_.width);
    expect_tensor(1, TensorKind::kFloat, step_.width);
    for (std::size_t j = 0; j < step_.width; ++j) {
      const float factor = graph_.tensor<float>(step_, 0)[j];
      const float zero = graph_.tensor<float>(step_, 1)[j];
      if (!std::isfinite(factor) || !is_byte(zero)) refuse("column ", j, ": ", factor, ", ", zero);
    }
  }

  void check_row() const {
    if (step_.inputs != 3 || step_.tensors != 0 || step_.repeat != 1) {
      refuse("it has ", step_.inputs, " inputs and ", step_.tensors, " tensors");
    }
    if (step_.number != NumberKind::kByte) refuse("it cannot write such numbers");
    if (step_.width < input_width(0)) refuse("its width is ", step_.width, " of ", input_width(0));
    for (std::size_t i = 1; i < 3; ++i) {
      const std::size_t width = graph_.width(graph_.input(step_, i));
      if (width != 1) refuse("its input ", i, " has ", width, " columns, 1 is wanted");
    }
  }

  void check_parts() const {
    const std::size_t wide = input_width(0);
    if (wide % step_.repeat != 0 || wide / step_.repeat % 4 != 0 ||
        step_.width % step_.repeat != 0 || step_.width / step_.repeat % kInt8Lanes != 0) {
      refuse(step_.repeat, " parts of ", wide, " inputs and ", step_.width, " outputs");
    }
  }

  std::size_t of_a_part(std::size_t width) const noexcept {
    return step_.repeat > 1 ? width / step_.repeat : width;
  }

  void check_affine() const {
    if (step_.repeat > 1) check_parts();
    const std::size_t inputs = of_a_part(input_width(0));
    if (inputs > kMostInt8Inputs) refuse(inputs, " inputs, at most ", kMostInt8Inputs);
    if (step_.option > static_cast<std::uint32_t>(Activation::kRelu)) refuse("its option");
    if (!is_byte(step_.parameter)) refuse("its zero is ", step_.parameter, ", no byte");
    const std::size_t panels = int8_panels(of_a_part(step_.width));
    expect_tensor(0, TensorKind::kByte, panels * int8_groups(inputs) * kInt8LineBytes);
    expect_tensor(1, TensorKind::kIndex, panels * kInt8ChannelWords);
    const auto* words = graph_.tensor<std::int32_t>(step_, 1);
    for (std::size_t i = 0; i < panels * kInt8Lanes; ++i) check_channel(i, words);
  }
  void check_channel(std::size_t i, const std::int32_t* words) const {
    const std::int32_t* at = words + i / kInt8Lanes * kInt8ChannelWords + i % kInt8Lanes;
    if (at[0] > kMostInt8Bias || at[0] < -kMostInt8Bias) refuse("output ", i, ": bias ", at[0]);
    if (step_.number != NumberKind::kByte) return;
    const std::int32_t factor = at[kInt8Lanes];
    const std::int32_t shift = at[2 * kInt8Lanes];
    if (factor < 0 || shift < kLeastInt8Shift || shift > kMostInt8Shift) {
      refuse("output ", i, ": multiplier ", factor, ", shift ", shift);
    }
  }
};

}  // namespace

bool is_byte(double value) noexcept {
  return value >= 0 && value <= 255 && value == std::floor(value);
}

void check_byte_step(const Graph& graph, std::size_t place) { ByteStepCheck(graph, place).run(); }

}  // namespace kedge
