#include "kedge/score/short_run.h"

#include "kedge/kernels/dense_int16.h"

namespace kedge {
namespace {

void run_quantize(const PlanStep& step, const PlanFrame& frame) noexcept {
  Int16Inputs in;
  in.x = frame.input<float>(step.inputs[0]);
  in.x_stride = frame.input_stride(step.inputs[0]);
  in.factors = static_cast<const float*>(step.tensors[0]);
  in.out = frame.slot<std::int16_t>(step.output);
  in.out_stride = frame.slots[step.output].stride;
  in.rows = frame.rows;
  in.columns = step.step.width;
  static_cast<const Int16Variant*>(step.kernel)->quantize(in);
}

void run_affine(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* variant = static_cast<const Int16Variant*>(step.kernel);
  Int16Call call;
  call.x = frame.input<std::int16_t>(step.inputs[0]);
  call.x_stride = frame.input_stride(step.inputs[0]);
  call.out = frame.slot<std::byte>(step.output);
  call.out_stride = frame.slots[step.output].stride;
  call.weights = static_cast<const std::int16_t*>(step.tensors[0]);
  call.channels = static_cast<const std::int32_t*>(step.tensors[1]);
  call.rows = frame.rows;
  call.pairs = int16_pairs(step.input_width);
  call.panels = int16_panels(step.step.width);
  call.relu = step.step.option == static_cast<std::uint32_t>(Activation::kRelu);
  step.step.number == NumberKind::kShort ? variant->to_shorts(call) : variant->to_floats(call);
}

}  // namespace

StepRun short_run(const PlanStep& step) noexcept {
  return step.step.kind == StepKind::kQuantizeShort ? run_quantize : run_affine;
}

}  // namespace kedge
