// What a step of a plan works with, and the function that each kind of step is bound to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/kernels/dense.h"
#include "kedge/model/graph.h"

namespace kedge {

// Where a slot of a block lies: `offset` bytes times the block's rows into the arena, its rows
// `stride` numbers apart, whole panels.
struct PlanSlot {
  std::size_t offset = 0;
  std::size_t stride = 0;
};

struct alignas(64) ArenaLine {
  std::byte bytes[64];
};

struct PlanFrame {
  std::byte* arena;
  const PlanSlot* slots;
  std::size_t rows;
  const void* x;  // slot 0, which may lie with the caller
  std::size_t x_stride;

  template <class Number>
  Number* slot(std::uint32_t slot) const noexcept {
    return reinterpret_cast<Number*>(arena + slots[slot].offset * rows);
  }
  template <class Number>
  const Number* input(std::uint32_t slot) const noexcept {
    return slot == 0 ? static_cast<const Number*>(x) : this->slot<Number>(slot);
  }
  std::size_t input_stride(std::uint32_t slot) const noexcept {
    return slot == 0 ? x_stride : slots[slot].stride;
  }
};

class ForestRunner;
struct PlanStep;
using StepRun = void (*)(const PlanStep& step, const PlanFrame& frame) noexcept;

struct PlanStep {
  StepRun run;
  GraphStep step;
  std::span<const std::uint32_t> inputs;  // slots
  std::uint32_t output;                   // slot
  std::uint32_t input_width;              // of the first
  const void* tensors[2] = {};
  std::size_t tensor_count = 0;  // of the first
  const void* kernel = nullptr;  // what the kind's binding chose
  const Graph* graph = nullptr;
  const ForestRunner* forest = nullptr;
};

// The function that runs steps of this kind; some choose a kernel for the step.
void bind_step(const Graph& graph, PlanStep& step);

}  // namespace kedge
