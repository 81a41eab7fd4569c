#include "kedge/score/plan_step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/math.h"
#include "kedge/kernels/dense_int16.h"
#include "kedge/score/activate.h"
#include "kedge/score/byte_run.h"
#include "kedge/score/plan_rows.h"
#include "kedge/score/plan_transform.h"
#include "kedge/score/short_run.h"

namespace kedge {
namespace {

// Parts leave no room behind them for whole panels: a tile of them is written beside and then
// moved.
template <class Number>
void affine_parts(const PlanStep& step, const PlanFrame& frame, DenseCall<Number> call,
                  DenseKernel<Number> kernel) {
  constexpr std::size_t kLanes = kPanelLanes<Number>;
  constexpr std::size_t kTileParts = 12;  // of the widest kernel
  const auto in = input_of<Number>(step, frame);
  const std::size_t repeat = step.step.repeat;
  const std::size_t width = step.step.width / repeat;
  alignas(64) Number tile[kTileParts * kLanes];
  DenseCall<Number> one = call;
  one.panels = 1;
  one.x_stride = call.inputs;
  one.out = tile;
  one.out_stride = kLanes;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    for (std::size_t part = 0; part < repeat; part += kTileParts) {
      Number* out = output_row<Number>(step, frame, i) + part * width;
      one.rows = std::min(kTileParts, repeat - part);
      one.x = in.row(i) + part * call.inputs;
      for (std::size_t p = 0; p < call.panels; ++p) {
        one.weights = call.weights + p * call.inputs * kLanes;
        one.bias = call.bias + p * kLanes;
        kernel(one);
        for (std::size_t k = 0; k < one.rows; ++k) {
          std::copy_n(tile + k * kLanes, std::min(kLanes, width - p * kLanes),
                      out + k * width + p * kLanes);
        }
      }
    }
  }
}

template <class Number>
void run_affine(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto* variant = static_cast<const DenseVariant*>(step.kernel);
  DenseKernel<Number> kernel;
  if constexpr (sizeof(Number) == sizeof(float)) {
    kernel = variant->of_f32;
  } else {
    kernel = variant->of_f64;
  }
  const auto in = input_of<Number>(step, frame);
  const std::size_t repeat = step.step.repeat;
  DenseCall<Number> call;
  call.x = in.data;
  call.x_stride = in.stride;
  call.out = output_row<Number>(step, frame, 0);
  call.out_stride = frame.slots[step.output].stride;
  call.weights = tensor_of<Number>(step, 0);
  call.bias = tensor_of<Number>(step, 1);
  call.rows = frame.rows;
  call.inputs = step.input_width / repeat;
  call.panels = padded_width(step.step.width / repeat, step.step.number) / kPanelLanes<Number>;
  call.relu = step.step.option == static_cast<std::uint32_t>(Activation::kRelu);
  if (repeat > 1) return affine_parts(step, frame, call, kernel);
  kernel(call);
}

template <class Number>
void run_activate(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto which = static_cast<Activation>(step.step.option);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    activate(which, step.step.parameter, in.row(i), output_row<Number>(step, frame, i),
             step.step.width);
  }
}

template <class Number>
Number combined(Combination with, Number a, Number b) {
  switch (with) {
    case Combination::kAdd:
      return a + b;
    case Combination::kSubtract:
      return a - b;
    case Combination::kMultiply:
      return a * b;
    case Combination::kDivide:
      return a / b;
    case Combination::kMin:
      return b < a || b != b ? b : a;  // NaN wins
    case Combination::kMax:
      return b > a || b != b ? b : a;
  }
  return a;
}

template <class Number, Combination kWith>
void combine_rows(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const bool has_tensor = step.inputs.size() == 1;
  const SlotRows<Number> other =
      has_tensor ? SlotRows<Number>{tensor_of<Number>(step), 0} : input_of<Number>(step, frame, 1);
  const bool is_one = (has_tensor ? step.tensor_count : step.graph->width(step.inputs[1])) == 1;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* a = in.row(i);
    const Number* b = other.row(i);
    Number* out = output_row<Number>(step, frame, i);
    if (is_one) {
      const Number all = *b;
      for (std::size_t j = 0; j < step.step.width; ++j) out[j] = combined(kWith, a[j], all);
    } else {
      for (std::size_t j = 0; j < step.step.width; ++j) out[j] = combined(kWith, a[j], b[j]);
    }
  }
}

template <class Number>
void run_select(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto* columns = tensor_of<std::uint32_t>(step);
  const auto otherwise = static_cast<Number>(step.step.parameter);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* row = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t j = 0; j < step.step.width; ++j) {
      out[j] = columns[j] == kNoColumn ? otherwise : row[columns[j]];
    }
  }
}

template <class Number>
void run_concat(const PlanStep& step, const PlanFrame& frame) noexcept {
  std::size_t at = 0;
  for (std::size_t k = 0; k < step.inputs.size(); ++k) {
    const auto in = input_of<Number>(step, frame, k);
    const std::size_t width = step.graph->width(step.inputs[k]);
    for (std::size_t i = 0; i < frame.rows; ++i) {
      std::copy_n(in.row(i), width, output_row<Number>(step, frame, i) + at);
    }
    at += width;
  }
}

template <class Number>
void run_softmax(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const std::size_t width = step.step.width / step.step.repeat;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t part = 0; part < step.step.repeat; ++part, x += width, out += width) {
      const double most = *std::max_element(x, x + width);
      double sum = 0;
      for (std::size_t j = 0; j < width; ++j) {
        const double grown = exp_of(x[j] - most);
        out[j] = static_cast<Number>(grown);
        sum += grown;
      }
      for (std::size_t j = 0; j < width; ++j) out[j] = static_cast<Number>(out[j] / sum);
    }
  }
}

template <class Number>
void run_layer_norm(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto* scale = tensor_of<Number>(step, 0);
  const auto* shift = tensor_of<Number>(step, 1);
  const std::size_t width = step.step.width / step.step.repeat;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t part = 0; part < step.step.repeat; ++part, x += width, out += width) {
      double mean = 0;
      for (std::size_t j = 0; j < width; ++j) mean += x[j];
      mean /= static_cast<double>(width);
      double squares = 0;
      for (std::size_t j = 0; j < width; ++j) squares += (x[j] - mean) * (x[j] - mean);
      const double spread = std::sqrt(squares / static_cast<double>(width) + step.step.parameter);
      for (std::size_t j = 0; j < width; ++j) {
        out[j] = static_cast<Number>((x[j] - mean) / spread * scale[j] + shift[j]);
      }
    }
  }
}

template <class Number, class From>
void run_convert(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<From>(step, frame);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const From* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t j = 0; j < step.step.width; ++j) out[j] = static_cast<Number>(x[j]);
  }
}

template <class Number>
void run_look_up(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const auto* table = tensor_of<Number>(step);
  const std::size_t width = step.step.width / step.step.repeat;
  const std::size_t last = step.tensor_count / width - 1;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const Number* x = in.row(i);
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t part = 0; part < step.step.repeat; ++part, out += width) {
      const double place = x[part];
      std::size_t row = 0;
      if (place >= static_cast<double>(last)) {
        row = last;
      } else if (place > 0) {
        row = static_cast<std::size_t>(place);
      }
      std::copy_n(table + row * width, width, out);
    }
  }
}

// The least or the largest number; NaN when any is.
template <class Number>
Number extreme(Reduction how, const Number* x, std::size_t width) {
  Number found = x[0];
  bool has_nan = false;
  for (std::size_t j = 0; j < width; ++j) {
    has_nan |= x[j] != x[j];
    if (how == Reduction::kMin ? x[j] < found : x[j] > found) found = x[j];
  }
  return has_nan ? std::numeric_limits<Number>::quiet_NaN() : found;
}

template <class Number>
Number reduced(Reduction how, bool nan_wins, const Number* x, std::size_t width) {
  if (how == Reduction::kSum || how == Reduction::kMean) {
    double sum = 0;
    for (std::size_t j = 0; j < width; ++j) sum += x[j];
    return static_cast<Number>(how == Reduction::kSum ? sum : sum / static_cast<double>(width));
  }
  if (nan_wins && how != Reduction::kArgMax) return extreme(how, x, width);
  std::size_t best = 0;
  for (std::size_t j = 1; j < width; ++j) {
    if (how == Reduction::kMin ? x[j] < x[best] : x[j] > x[best]) best = j;
  }
  return how == Reduction::kArgMax ? static_cast<Number>(best) : x[best];
}

template <class Number>
void run_reduce(const PlanStep& step, const PlanFrame& frame) noexcept {
  const auto in = input_of<Number>(step, frame);
  const std::size_t width = step.input_width / step.step.repeat;
  const auto how = static_cast<Reduction>(step.step.option);
  const bool nan_wins = step.step.parameter != 0;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    Number* out = output_row<Number>(step, frame, i);
    for (std::size_t part = 0; part < step.step.repeat; ++part) {
      out[part] = reduced(how, nan_wins, in.row(i) + part * width, width);
    }
  }
}

template <class Number>
StepRun combine_run(Combination with) {
  constexpr StepRun kRuns[] = {
      combine_rows<Number, Combination::kAdd>,      combine_rows<Number, Combination::kSubtract>,
      combine_rows<Number, Combination::kMultiply>, combine_rows<Number, Combination::kDivide>,
      combine_rows<Number, Combination::kMin>,      combine_rows<Number, Combination::kMax>};
  return kRuns[static_cast<std::size_t>(with)];
}

template <class Number>
StepRun run_of(const PlanStep& step) {
  switch (step.step.kind) {
    case StepKind::kAffine:
      return run_affine<Number>;
    case StepKind::kActivate:
      return run_activate<Number>;
    case StepKind::kCombine:
      return combine_run<Number>(static_cast<Combination>(step.step.option));
    case StepKind::kSelect:
      return run_select<Number>;
    case StepKind::kConcat:
      return run_concat<Number>;
    case StepKind::kSoftmax:
      return run_softmax<Number>;
    case StepKind::kLayerNorm:
      return run_layer_norm<Number>;
    case StepKind::kConvert:
      return step.graph->number_of(step.inputs.front()) == NumberKind::kFloat
                 ? run_convert<Number, float>
                 : run_convert<Number, double>;
    case StepKind::kLookUp:
      return run_look_up<Number>;
    case StepKind::kReduce:
      return run_reduce<Number>;
    case StepKind::kQuantize:
    case StepKind::kByteAffine:
    case StepKind::kByteTable:
    case StepKind::kQuantizeRow:
      return byte_run(step);
    case StepKind::kQuantizeShort:
    case StepKind::kShortAffine:
      return short_run(step);
    default:
      return transform_run<Number>(step.step);
  }
}

}  // namespace

void bind_step(const Graph& graph, PlanStep& step) {
  step.graph = &graph;
  if (step.step.kind == StepKind::kAffine) {
    step.kernel = &select_variant(dense_variants(), active_isa());
  }
  if (step.step.kind == StepKind::kByteAffine || step.step.kind == StepKind::kQuantize) {
    step.kernel = &select_variant(dense_int8_variants(), active_isa());
  }
  if (step.step.kind == StepKind::kQuantizeShort || step.step.kind == StepKind::kShortAffine) {
    step.kernel = &select_variant(dense_int16_variants(), active_isa());
  }
  if (step.step.number == NumberKind::kByte && step.step.kind < StepKind::kQuantize) {
    step.run =
        step.step.kind == StepKind::kSelect ? run_select<std::uint8_t> : run_concat<std::uint8_t>;
    return;
  }
  step.run = step.step.number == NumberKind::kFloat ? run_of<float>(step) : run_of<double>(step);
}

}  // namespace kedge
