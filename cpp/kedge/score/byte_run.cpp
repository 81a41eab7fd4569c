#include "kedge/score/byte_run.h"

namespace kedge {
namespace {

std::uint8_t* output_row(const PlanStep& step, const PlanFrame& frame, std::size_t i) {
  return frame.slot<std::uint8_t>(step.output) + i * frame.slots[step.output].stride;
}

void run_quantize(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* factors = static_cast<const float*>(step.tensors[0]);
  const auto* zeros = static_cast<const float*>(step.tensors[1]);
  const auto* variant = static_cast<const Int8Variant*>(step.kernel);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const float* x = frame.input<float>(step.inputs[0]) + i * frame.input_stride(step.inputs[0]);
    variant->quantize(x, factors, zeros, step.step.width, output_row(step, frame, i));
  }
}

void run_affine(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* variant = static_cast<const Int8Variant*>(step.kernel);
  Int8Call call;
  call.x = frame.input<std::uint8_t>(step.inputs[0]);
  call.x_stride = frame.input_stride(step.inputs[0]);
  call.out = frame.slot<std::byte>(step.output);
  call.out_stride = frame.slots[step.output].stride;
  call.weights = static_cast<const std::int8_t*>(step.tensors[0]);
  call.channels = static_cast<const std::int32_t*>(step.tensors[1]);
  call.rows = frame.rows;
  call.groups = int8_groups(step.input_width);
  call.panels = int8_panels(step.step.width);
  call.zero = static_cast<std::int32_t>(step.step.parameter);
  call.relu = step.step.option == static_cast<std::uint32_t>(Activation::kRelu);
  if (step.step.number == NumberKind::kByte) {
    variant->to_bytes(call);
  } else {
    variant->to_floats(call);
  }
}

template <class To>
void run_table(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* table = static_cast<const To*>(step.tensors[0]);
  const std::size_t padded = (step.step.width + kInt8Lanes - 1) / kInt8Lanes * kInt8Lanes;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const std::uint8_t* x =
        frame.input<std::uint8_t>(step.inputs[0]) + i * frame.input_stride(step.inputs[0]);
    To* out = frame.slot<To>(step.output) + i * frame.slots[step.output].stride;
    for (std::size_t j = 0; j < padded; ++j) out[j] = table[x[j]];
  }
}

}  // namespace

ByteRun byte_run(const PlanStep& step) noexcept {
  if (step.step.kind == StepKind::kQuantize) return run_quantize;
  if (step.step.kind == StepKind::kByteAffine) return run_affine;
  return step.step.number == NumberKind::kByte ? run_table<std::uint8_t> : run_table<float>;
}

}  // namespace kedge
