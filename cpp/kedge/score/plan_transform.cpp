#include "kedge/score/plan_transform.h"

#include <algorithm>
#include <cmath>

#include "kedge/score/forest_runner.h"
#include "kedge/score/plan_rows.h"

namespace kedge {
namespace {

template <class Number>
void run_fill(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto* values = tensor_of<Number>(step);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t j = 0; j < step.step.width; ++j) out[j] = std::isnan(x[j]) ? values[j] : x[j];
  }
}

template <class Number>
void run_missing(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t j = 0; j < step.step.width; ++j) {
      out[j] = static_cast<Number>(std::isnan(x[j]) ? 1 : 0);
    }
  }
}

template <class Number>
Number placed(Placing how, const Number* numbers, std::size_t count, Number x) {
  if (std::isnan(x)) return x;
  const Number* end = numbers + count;
  const Number* at = how == Placing::kAtMost ? std::upper_bound(numbers, end, x)
                                             : std::lower_bound(numbers, end, x);
  if (how == Placing::kEqual && at != end && *at != x) at = end;
  return static_cast<Number>(at - numbers);
}

template <class Number>
void run_place(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto* numbers = tensor_of<Number>(step);
  const auto how = static_cast<Placing>(step.step.option);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t j = 0; j < step.step.width; ++j) {
      out[j] = placed(how, numbers, step.tensor_count, x[j]);
    }
  }
}

template <class Number>
double norm_of(Norm norm, const Number* x, std::size_t width) {
  double sum = 0;
  for (std::size_t j = 0; j < width; ++j) {
    const double size = std::fabs(static_cast<double>(x[j]));
    if (norm == Norm::kLargest) {
      if (!(size <= sum)) sum = size;
    } else {
      sum += norm == Norm::kSizes ? size : size * size;
    }
  }
  return norm == Norm::kSquares ? std::sqrt(sum) : sum;
}

template <class Number>
void run_normalize(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto which = static_cast<Norm>(step.step.option);
  const auto in = input_of<Number>(step, frame);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    double norm = norm_of(which, x, step.step.width);
    if (norm == 0) norm = 1;
    for (std::size_t j = 0; j < step.step.width; ++j) out[j] = static_cast<Number>(x[j] / norm);
  }
}

// Rows of a slot lie apart by whole panels; an engine writes them one after the other.
template <class Number>
void run_trees(const PlanStep& step, const PlanFrame& frame) noexcept {
  const bool is_float32 = step.graph->number_of(step.inputs.front()) == NumberKind::kFloat;
  const std::size_t each = is_float32 ? sizeof(float) : sizeof(double);
  Rows rows;
  rows.data = frame.input<std::byte>(step.inputs.front());
  rows.count = frame.rows;
  rows.row_stride = static_cast<std::ptrdiff_t>(frame.input_stride(step.inputs.front()) * each);
  rows.column_stride = static_cast<std::ptrdiff_t>(each);
  rows.is_float32 = is_float32;
  auto* out = output_row<Number>(step, frame, 0);
  step.forest->score(rows, out);
  const std::size_t stride = frame.slots[step.output].stride;
  for (std::size_t i = frame.rows; i-- > 1;) {
    const Number* from = out + i * step.step.width;
    std::copy_backward(from, from + step.step.width, out + i * stride + step.step.width);
  }
}

template <class Number>
void run_link(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    Number* out = output_row<Number>(step, frame, i);
    std::copy_n(in.row(i), step.step.width, out);
    step.forest->link(out);
  }
}

}  // namespace

template <class Number>
StepRun transform_run(const GraphStep& step) {
  switch (step.kind) {
    case StepKind::kFill:
      return run_fill<Number>;
    case StepKind::kMissing:
      return run_missing<Number>;
    case StepKind::kPlace:
      return run_place<Number>;
    case StepKind::kNormalize:
      return run_normalize<Number>;
    case StepKind::kTrees:
      return run_trees<Number>;
    default:
      return run_link<Number>;
  }
}

template StepRun transform_run<float>(const GraphStep& step);
template StepRun transform_run<double>(const GraphStep& step);

}  // namespace kedge
