#include "kedge/score/byte_run.h"

#include <algorithm>

namespace kedge {
namespace {

void run_quantize(const PlanStep& step, const PlanFrame& frame) noexcept {
  Int8Inputs in;
  in.x = frame.input<float>(step.inputs[0]);
  in.x_stride = frame.input_stride(step.inputs[0]);
  in.factors = static_cast<const float*>(step.tensors[0]);
  in.zeros = static_cast<const float*>(step.tensors[1]);
  in.out = frame.slot<std::uint8_t>(step.output);
  in.out_stride = frame.slots[step.output].stride;
  in.rows = frame.rows;
  in.columns = step.step.width;
  static_cast<const Int8Variant*>(step.kernel)->quantize(in);
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
  const std::size_t parts = step.step.repeat;
  call.groups = int8_groups(step.input_width / parts);
  call.panels = int8_panels(step.step.width / parts);
  call.zero = static_cast<std::int32_t>(step.step.parameter);
  call.relu = step.step.option == static_cast<std::uint32_t>(Activation::kRelu);
  const bool to_bytes = step.step.number == NumberKind::kByte;
  const Int8Kernel kernel = to_bytes ? variant->to_bytes : variant->to_floats;
  if (parts == 1) return kernel(call);
  // The parts of a row are rows one after the other.
  Int8Call one = call;
  one.rows = parts;
  one.x_stride = step.input_width / parts;
  one.out_stride = step.step.width / parts;
  const std::size_t each = to_bytes ? sizeof(std::uint8_t) : sizeof(float);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    one.x = call.x + i * call.x_stride;
    one.out = static_cast<std::byte*>(call.out) + i * call.out_stride * each;
    kernel(one);
  }
}

// NaN is 0, and what is beyond a byte its nearest: always a whole number. Beside 1.5 * 2^23 floats
// are whole numbers apart, so that adding it rounds to the even one.
float whole_of(float value, float low, float high) {
  constexpr float kRounder = 12582912.0F;
  value = value != value ? 0.0F : value;
  value = value < low ? low : value;
  value = value > high ? high : value;
  return (value + kRounder) - kRounder;
}

void run_quantize_row(const PlanStep& step, const PlanFrame& frame) noexcept {
  const std::uint32_t width = step.input_width;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const float* in[3];
    for (std::size_t k = 0; k < 3; ++k) {
      const std::uint32_t slot = step.inputs[k];
      in[k] = frame.input<float>(slot) + i * frame.input_stride(slot);
    }
    const float scale = *in[2];
    const float zero = whole_of(0.0F - *in[1] / scale, 0.0F, 255.0F);
    std::uint8_t* out = frame.slot<std::uint8_t>(step.output) + i * frame.slots[step.output].stride;
    for (std::size_t j = 0; j < width; ++j) {
      const float whole = whole_of(in[0][j] / scale, -zero, 255.0F - zero) + zero;
      out[j] = static_cast<std::uint8_t>(static_cast<std::int32_t>(whole));
    }
    std::fill(out + width, out + step.step.width, static_cast<std::uint8_t>(zero));
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
  if (step.step.kind == StepKind::kQuantizeRow) return run_quantize_row;
  return step.step.number == NumberKind::kByte ? run_table<std::uint8_t> : run_table<float>;
}

}  // namespace kedge
