#include "kedge/model/byte_steps.h"

#include <cmath>
#include <string_view>

#include "kedge/base/error.h"
#include "kedge/kernels/dense_int8.h"

namespace kedge {
namespace {

class ByteStepCheck {
 public:
  ByteStepCheck(const Graph& graph, std::size_t place)
      : graph_(graph), step_(graph.steps[place]), place_(place) {}

  void run() const {
    if (step_.repeat != 1) refuse("it repeats ", step_.repeat, " times, 1 is possible");
    const bool is_table = step_.kind == StepKind::kByteTable;
    if (step_.inputs != 1 || step_.tensors != (is_table ? 1 : 2)) {
      refuse("it has ", step_.inputs, " inputs and ", step_.tensors, " tensors");
    }
    const bool to_bytes = step_.number == NumberKind::kByte;
    if (!to_bytes && (step_.kind == StepKind::kQuantize || step_.number != NumberKind::kFloat)) {
      refuse("it cannot write such numbers");
    }
    if (step_.kind == StepKind::kByteAffine) return check_affine();
    if (step_.width != input_width()) refuse("its width is ", step_.width, " of ", input_width());
    if (is_table) return expect_tensor(0, to_bytes ? TensorKind::kByte : TensorKind::kFloat, 256);
    check_quantize();
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw corrupt_data("graph: step ", place_, " (", step_name(step_.kind), "): ", parts...);
  }
  std::size_t input_width() const { return graph_.width(graph_.input(step_, 0)); }

  void expect_tensor(std::size_t i, TensorKind kind, std::uint64_t count) const {
    const GraphTensor& tensor = graph_.tensors[step_.first_tensor + i];
    if (tensor.kind != kind || tensor.count != count) {
      refuse("its tensor ", i, " has ", tensor.count, " elements, ", count, " are wanted");
    }
  }
  bool is_byte(double value) const {
    return value >= 0 && value <= 255 && value == std::floor(value);
  }

  void check_quantize() const {
    expect_tensor(0, TensorKind::kFloat, step_.width);
    expect_tensor(1, TensorKind::kFloat, step_.width);
    for (std::size_t j = 0; j < step_.width; ++j) {
      const float factor = graph_.tensor<float>(step_, 0)[j];
      const float zero = graph_.tensor<float>(step_, 1)[j];
      if (!std::isfinite(factor) || !is_byte(zero)) refuse("column ", j, ": ", factor, ", ", zero);
    }
  }

  void check_affine() const {
    const std::size_t inputs = input_width();
    if (inputs > kMostInt8Inputs) refuse(inputs, " inputs, at most ", kMostInt8Inputs);
    if (step_.option > static_cast<std::uint32_t>(Activation::kRelu)) refuse("its option");
    if (!is_byte(step_.parameter)) refuse("its zero is ", step_.parameter, ", no byte");
    const std::size_t panels = int8_panels(step_.width);
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

  const Graph& graph_;
  const GraphStep& step_;
  std::size_t place_;
};

}  // namespace

void check_byte_step(const Graph& graph, std::size_t place) { ByteStepCheck(graph, place).run(); }

}  // namespace kedge
