// What the rules of all steps ask with: a step, whose inputs and tensors lie in their lists, and
// the refusal that names it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kedge/base/error.h"
#include "kedge/model/graph.h"

namespace kedge {

class StepRule {
 protected:
  StepRule(const Graph& graph, std::size_t place)
      : graph_(graph), step_(graph.steps[place]), place_(place) {}

  template <class... Parts>
  [[noreturn, gnu::always_inline]] void refuse(const Parts&... parts) const {
    refuse_for(text(parts...));
  }

  std::size_t input_width(std::size_t i) const { return graph_.width(graph_.input(step_, i)); }

  void expect_counts(std::size_t inputs, std::size_t tensors) const {
    if (step_.inputs != inputs || step_.tensors != tensors) {
      refuse("it has ", step_.inputs, " inputs and ", step_.tensors, " tensors, ", inputs, " and ",
             tensors, " are wanted");
    }
  }

  void expect_tensor(std::size_t i, TensorKind kind, std::uint64_t count) const {
    const GraphTensor& tensor = graph_.tensors[step_.first_tensor + i];
    if (tensor.kind != kind || tensor.count != count) {
      refuse("its tensor ", i, " has ", tensor.count, " elements of kind ",
             static_cast<std::uint32_t>(tensor.kind), ", ", count, " of kind ",
             static_cast<std::uint32_t>(kind), " are wanted");
    }
  }

  const Graph& graph_;
  const GraphStep& step_;
  std::size_t place_;

 private:
  [[noreturn]] void refuse_for(const std::string& reason) const {
    const bool is_known = step_.kind <= kLastStepKind;
    throw corrupt_data("graph: step ", place_, " (", is_known ? step_name(step_.kind) : "unknown",
                       "): ", reason);
  }
};

}  // namespace kedge
