#include "kedge/score/gradients.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/quadrature.h"
#include "kedge/score/activate.h"

namespace kedge {
namespace {

bool has_slope(const GraphStep& step) {
  switch (step.kind) {
    case StepKind::kAffine:
    case StepKind::kActivate:
    case StepKind::kCombine:
    case StepKind::kSelect:
    case StepKind::kConcat:
    case StepKind::kSoftmax:
    case StepKind::kLayerNorm:
    case StepKind::kConvert:
      return true;
    case StepKind::kReduce:
      return static_cast<Reduction>(step.option) != Reduction::kArgMax;
    default:
      return false;
  }
}

Graph checked(const Graph& graph) {
  for (std::size_t i = 0; i < graph.raw_steps; ++i) {
    if (!has_slope(graph.steps[i])) {
      throw unsupported("explain: step ", i, ", ", step_name(graph.steps[i].kind),
                        ", has no gradient; method=\"orders\" wants none");
    }
  }
  return graph;
}

// A row of a slot, a step's tensor: numbers of either kind.
struct Numbers {
  const void* data;
  bool is_float;

  double operator[](std::size_t i) const noexcept {
    return is_float ? double{static_cast<const float*>(data)[i]}
                    : static_cast<const double*>(data)[i];
  }
};

Numbers row_of(const Graph& graph, const PlanFrame& frame, std::uint32_t slot, std::size_t row) {
  const std::size_t at = row * frame.input_stride(slot);
  if (graph.number_of(slot) == NumberKind::kFloat) return {frame.input<float>(slot) + at, true};
  return {frame.input<double>(slot) + at, false};
}

Numbers tensor_of(const Graph& graph, const GraphStep& step, std::size_t which) {
  return {graph.tensor<std::byte>(step, which), step.number == NumberKind::kFloat};
}

// One step with what it read and wrote, and the slopes of both; `in` and `from` of the first slot.
struct Back {
  const Graph& graph;
  const GraphStep& step;
  Numbers in;
  Numbers out;
  const double* to;
  double* from;
  std::size_t in_width;
};

void affine_back(const Back& at) {
  const std::size_t lanes = panel_lanes(at.step.number);
  const std::size_t inputs = at.in_width / at.step.repeat;
  const std::size_t outputs = at.step.width / at.step.repeat;
  const Numbers weights = tensor_of(at.graph, at.step, 0);
  const bool is_relu = at.step.option == static_cast<std::uint32_t>(Activation::kRelu);
  for (std::size_t part = 0; part < at.step.repeat; ++part) {
    for (std::size_t k = 0; k < outputs; ++k) {
      const std::size_t o = part * outputs + k;
      if (at.to[o] == 0 || (is_relu && !(at.out[o] > 0))) continue;
      const std::size_t panel = k / lanes * inputs * lanes + k % lanes;
      for (std::size_t i = 0; i < inputs; ++i) {
        at.from[part * inputs + i] += at.to[o] * weights[panel + i * lanes];
      }
    }
  }
}

void activate_back(const Back& at) {
  const auto which = static_cast<Activation>(at.step.option);
  for (std::size_t j = 0; j < at.step.width; ++j) {
    at.from[j] += at.to[j] * activation_slope(which, at.step.parameter, at.in[j]);
  }
}

// The slopes of a and b in what they combine to.
struct Pair {
  double a;
  double b;
};

Pair combined_slopes(Combination with, double a, double b) {
  switch (with) {
    case Combination::kAdd:
      return {1, 1};
    case Combination::kSubtract:
      return {1, -1};
    case Combination::kMultiply:
      return {b, a};
    case Combination::kDivide:
      return {1 / b, -a / b / b};
    case Combination::kMin:
      return b < a ? Pair{0, 1} : Pair{1, 0};
    case Combination::kMax:
      return b > a ? Pair{0, 1} : Pair{1, 0};
  }
  return {0, 0};
}

// `other_from` is null where the other side is a tensor.
void combine_back(const Back& at, Numbers other, std::size_t other_width, double* other_from) {
  const auto with = static_cast<Combination>(at.step.option);
  for (std::size_t j = 0; j < at.step.width; ++j) {
    const std::size_t k = other_width == 1 ? 0 : j;
    const Pair slopes = combined_slopes(with, at.in[j], other[k]);
    at.from[j] += at.to[j] * slopes.a;
    if (other_from != nullptr) other_from[k] += at.to[j] * slopes.b;
  }
}

void select_back(const Back& at) {
  const auto* columns = at.graph.tensor<std::uint32_t>(at.step, 0);
  for (std::size_t j = 0; j < at.step.width; ++j) {
    if (columns[j] != kNoColumn) at.from[columns[j]] += at.to[j];
  }
}

void softmax_back(const Back& at) {
  const std::size_t width = at.step.width / at.step.repeat;
  for (std::size_t first = 0; first < at.step.width; first += width) {
    double sum = 0;
    for (std::size_t j = first; j < first + width; ++j) sum += at.to[j] * at.out[j];
    for (std::size_t j = first; j < first + width; ++j) {
      at.from[j] += at.out[j] * (at.to[j] - sum);
    }
  }
}

void layer_norm_back(const Back& at) {
  const std::size_t width = at.step.width / at.step.repeat;
  const auto count = static_cast<double>(width);
  const Numbers scale = tensor_of(at.graph, at.step, 0);
  for (std::size_t first = 0; first < at.step.width; first += width) {
    double mean = 0;
    for (std::size_t j = 0; j < width; ++j) mean += at.in[first + j];
    mean /= count;
    double squares = 0;
    for (std::size_t j = 0; j < width; ++j) {
      squares += (at.in[first + j] - mean) * (at.in[first + j] - mean);
    }
    const double spread = std::sqrt(squares / count + at.step.parameter);
    double sum = 0;
    double along = 0;
    for (std::size_t j = 0; j < width; ++j) {
      const double slope = at.to[first + j] * scale[j];
      sum += slope;
      along += slope * (at.in[first + j] - mean) / spread;
    }
    for (std::size_t j = 0; j < width; ++j) {
      const double off = (at.in[first + j] - mean) / spread;
      at.from[first + j] +=
          (at.to[first + j] * scale[j] - sum / count - off * along / count) / spread;
    }
  }
}

void reduce_back(const Back& at) {
  const std::size_t width = at.in_width / at.step.repeat;
  const auto how = static_cast<Reduction>(at.step.option);
  for (std::size_t part = 0; part < at.step.repeat; ++part) {
    const std::size_t first = part * width;
    if (how == Reduction::kSum || how == Reduction::kMean) {
      const double each = how == Reduction::kSum ? 1 : 1 / static_cast<double>(width);
      for (std::size_t j = 0; j < width; ++j) at.from[first + j] += at.to[part] * each;
      continue;
    }
    std::size_t best = first;
    for (std::size_t j = first + 1; j < first + width; ++j) {
      if (how == Reduction::kMin ? at.in[j] < at.in[best] : at.in[j] > at.in[best]) best = j;
    }
    at.from[best] += at.to[part];
  }
}

}  // namespace

Gradients::Gradients(const Graph& graph) : plan_(checked(graph), {}, Plan::Slots::kKept) {
  std::size_t at = 0;
  for (std::size_t slot = 0; slot <= graph.steps.size(); ++slot) {
    first_.push_back(at);
    at += graph.width(slot);
  }
  first_.push_back(at);
}

void Gradients::back(std::size_t number, const PlanFrame& frame, std::size_t row,
                     double* slopes) const noexcept {
  const Graph& graph = plan_.graph();
  const GraphStep& step = graph.steps[number];
  const std::uint32_t input = graph.input(step, 0);
  const Back at{graph,
                step,
                row_of(graph, frame, input, row),
                row_of(graph, frame, static_cast<std::uint32_t>(number + 1), row),
                slopes + first_[number + 1],
                slopes + first_[input],
                graph.width(input)};
  switch (step.kind) {
    case StepKind::kAffine:
      return affine_back(at);
    case StepKind::kActivate:
      return activate_back(at);
    case StepKind::kCombine: {
      if (step.inputs == 1) {
        return combine_back(at, tensor_of(graph, step, 0), graph.tensor_count(step, 0), nullptr);
      }
      const std::uint32_t other = graph.input(step, 1);
      return combine_back(at, row_of(graph, frame, other, row), graph.width(other),
                          slopes + first_[other]);
    }
    case StepKind::kSelect:
      return select_back(at);
    case StepKind::kConcat: {
      const double* to = at.to;
      for (std::size_t k = 0; k < step.inputs; ++k) {
        const std::uint32_t slot = graph.input(step, k);
        for (std::size_t j = 0; j < graph.width(slot); ++j) slopes[first_[slot] + j] += *to++;
      }
      return;
    }
    case StepKind::kSoftmax:
      return softmax_back(at);
    case StepKind::kLayerNorm:
      return layer_norm_back(at);
    case StepKind::kReduce:
      return reduce_back(at);
    default:  // kConvert
      for (std::size_t j = 0; j < step.width; ++j) at.from[j] += at.to[j];
  }
}

// Adds an output's slopes in the features.
void Gradients::add_slopes(const PlanFrame& frame, std::size_t row, std::size_t output,
                           double* slopes, double* out) const noexcept {
  const Graph& graph = plan_.graph();
  std::fill_n(slopes, first_[graph.raw_steps + 1], 0.0);
  slopes[first_[graph.raw_steps] + output] = 1;
  for (std::size_t i = graph.raw_steps; i-- > 0;) back(i, frame, row, slopes);
  std::copy_n(slopes, graph.features, out);
}

void Gradients::explain(const Rows& rows, std::span<const double> sample,
                        std::span<const double> base, std::size_t points, double* out,
                        double* errors) const {
  const std::size_t features = plan_.graph().features;
  const std::size_t outputs = base.size();
  const Quadrature rule = gauss_legendre(points);
  const std::size_t ways = sample.size() / features;
  std::vector<double> x(features);
  std::vector<double> way(points * features);
  std::vector<double> slopes(first_.back());
  std::vector<double> found(features);
  std::fill_n(out, rows.count * outputs * features, 0.0);
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t j = 0; j < features; ++j) x[j] = rows.value(i, j);
    double* values = out + i * outputs * features;
    for (std::size_t b = 0; b < sample.size(); b += features) {
      const double* other = sample.data() + b;
      for (std::size_t p = 0; p < points * features; ++p) {
        const std::size_t j = p % features;
        way[p] = other[j] + rule.at[p / features] * (x[j] - other[j]);
      }
      plan_.each_block(rows_of(way, features), [&](std::size_t first, const PlanFrame& frame) {
        for (std::size_t row = 0; row < frame.rows; ++row) {
          const double weight = rule.weight[first + row] / static_cast<double>(ways);
          for (std::size_t k = 0; k < outputs; ++k) {
            add_slopes(frame, row, k, slopes.data(), found.data());
            for (std::size_t j = 0; j < features; ++j) {
              values[k * features + j] += weight * found[j] * (x[j] - other[j]);
            }
          }
        }
      });
    }
    plan_.each_block(rows_of(x, features), [&](std::size_t, const PlanFrame& frame) {
      const Numbers scores = row_of(plan_.graph(), frame, plan_.graph().raw_steps, 0);
      for (std::size_t k = 0; k < outputs; ++k) {
        double sum = base[k];
        for (std::size_t j = 0; j < features; ++j) sum += values[k * features + j];
        std::fill_n(errors + (i * outputs + k) * features, features, std::fabs(scores[k] - sum));
      }
    });
  }
}

}  // namespace kedge
