// How a step's function gets at its rows and tensors.
#pragma once

#include "kedge/score/plan_step.h"

namespace kedge {

template <class Number>
struct SlotRows {
  const Number* data;
  std::size_t stride;
  const Number* row(std::size_t i) const noexcept { return data + i * stride; }
};

template <class Number>
SlotRows<Number> input_of(const PlanStep& step, const PlanFrame& frame, std::size_t which = 0) {
  const std::uint32_t slot = step.inputs[which];
  return {frame.input<Number>(slot), frame.input_stride(slot)};
}

template <class Number>
Number* output_row(const PlanStep& step, const PlanFrame& frame, std::size_t i) {
  return frame.slot<Number>(step.output) + i * frame.slots[step.output].stride;
}

template <class Number>
const Number* tensor_of(const PlanStep& step, std::size_t which = 0) {
  return static_cast<const Number*>(step.tensors[which]);
}

}  // namespace kedge
