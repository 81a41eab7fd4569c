#include "kedge/score/byte_run.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kedge {
namespace {

// Beside it floats are whole numbers apart: adding it rounds to the nearest even, and the lowest
// bits are then the number.
constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23
constexpr std::int32_t kRounderBits = std::bit_cast<std::int32_t>(kRounder);

inline std::uint8_t to_byte(float x, float factor, float zero) noexcept {
  float value = x * factor;
  value = std::isnan(value) ? 0.0F : value;
  value = value < -zero ? -zero : value;
  value = value > 255.0F - zero ? 255.0F - zero : value;
  const auto bits = std::bit_cast<std::int32_t>(value + kRounder);
  return static_cast<std::uint8_t>(bits - kRounderBits + static_cast<std::int32_t>(zero));
}

std::uint8_t* output_row(const PlanStep& step, const PlanFrame& frame, std::size_t i) {
  return frame.slot<std::uint8_t>(step.output) + i * frame.slots[step.output].stride;
}

void run_quantize(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* factors = static_cast<const float*>(step.tensors[0]);
  const auto* zeros = static_cast<const float*>(step.tensors[1]);
  const std::size_t width = step.step.width;
  const std::size_t padded = (width + kInt8Lanes - 1) / kInt8Lanes * kInt8Lanes;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const float* x = frame.input<float>(step.inputs[0]) + i * frame.input_stride(step.inputs[0]);
    std::uint8_t* out = output_row(step, frame, i);
    for (std::size_t j = 0; j < width; ++j) out[j] = to_byte(x[j], factors[j], zeros[j]);
    std::fill(out + width, out + padded, std::uint8_t{0});
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

std::uint8_t quantized(float x, float factor, float zero) noexcept {
  return to_byte(x, factor, zero);
}

ByteRun byte_run(const PlanStep& step) noexcept {
  if (step.step.kind == StepKind::kQuantize) return run_quantize;
  if (step.step.kind == StepKind::kByteAffine) return run_affine;
  return step.step.number == NumberKind::kByte ? run_table<std::uint8_t> : run_table<float>;
}

}  // namespace kedge
