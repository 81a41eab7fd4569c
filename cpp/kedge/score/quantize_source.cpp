#include "kedge/score/quantize_source.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/text.h"
#include "kedge/score/plan.h"

namespace kedge {
namespace {

constexpr std::uint32_t kRelu = static_cast<std::uint32_t>(Activation::kRelu);

}  // namespace

void slot_numbers(const Graph& graph, std::uint32_t slot, const Rows& rows, void* out) {
  Graph part = graph;
  part.steps = graph.steps.first(slot);
  part.raw_steps = slot;
  Plan(part, RankedForest{}).score(rows, out, true);
}

std::vector<float> slot_values(const Graph& graph, std::uint32_t slot, const Rows& rows) {
  std::vector<float> values(rows.count * graph.width(slot));
  if (slot == 0) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(rows.value(i / graph.features, i % graph.features));
    }
    return values;
  }
  slot_numbers(graph, slot, rows, values.data());
  return values;
}

Fraction fraction_of(double factor, std::int32_t bits) {
  if (factor <= 0) return {};
  int exponent = 0;
  (void)std::frexp(factor, &exponent);
  std::int32_t shift = std::min(bits - exponent, Fraction::kMostShift);
  double scaled = std::floor(std::ldexp(factor, shift) + 0.5);
  if (scaled >= std::ldexp(1.0, bits)) {  // rounded up to the next power of two
    scaled = std::ldexp(1.0, bits - 1);
    --shift;
  }
  return {static_cast<std::int32_t>(scaled), shift};
}

QuantizeSource::QuantizeSource(const Graph& graph, const Rows& rows, WholeSteps which,
                               std::size_t most_inputs)
    : graph_(graph),
      rows_(rows),
      most_inputs_(most_inputs),
      uses_(graph.steps.size() + 1),
      wants_whole_(uses_.size()),
      wants_floats_(uses_.size()) {
  if (rows.count == 0) throw invalid_argument("quantize: the reference has no rows");
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    const NumberKind number = graph.steps[i].number;
    if (number != NumberKind::kByte && number != NumberKind::kShort) continue;
    const bool is_byte = number == NumberKind::kByte;
    throw unsupported("quantize: the net is in ", is_byte ? "int8" : "int16", " already, step ", i,
                      ", ", step_name(graph.steps[i].kind), ", writes ",
                      is_byte ? "bytes" : "int16");
  }
  find_wants(which);
}

bool QuantizeSource::is_affine(std::uint32_t slot) const {
  return slot > 0 && step_of(slot).kind == StepKind::kAffine && step_of(slot).repeat == 1 &&
         step_of(slot).number == NumberKind::kFloat && graph_.width(source(slot)) <= most_inputs_;
}

bool QuantizeSource::is_clamp(std::uint32_t slot) const {
  return slot > 0 && step_of(slot).kind == StepKind::kActivate && step_of(slot).option == kRelu &&
         is_affine(source(slot)) && uses_[source(slot)] == 1;
}

// Slots that need no floats: of affine steps, and of activations that follow them.
std::vector<bool> QuantizeSource::can_be_whole(WholeSteps which) const {
  std::vector<bool> can(uses_.size());
  for (std::uint32_t slot = 1; slot < slots(); ++slot) {
    const bool is_table = which == WholeSteps::kTables &&
                          step_of(slot).kind == StepKind::kActivate &&
                          step_of(slot).number == NumberKind::kFloat && can[source(slot)];
    can[slot] = is_affine(slot) || is_clamp(slot) || is_table;
  }
  return can;
}

void QuantizeSource::find_wants(WholeSteps which) {
  for (const std::uint32_t slot : graph_.inputs) ++uses_[slot];
  ++uses_[graph_.raw_steps];
  wants_floats_[graph_.raw_steps] = wants_floats_.back() = true;
  const std::vector<bool> stays_whole = can_be_whole(which);
  for (auto slot = static_cast<std::uint32_t>(graph_.steps.size()); slot > 0; --slot) {
    if (is_affine(slot)) {
      if (wants_whole_[slot] || wants_floats_[slot]) wants_whole_[source(slot)] = true;
    } else if (stays_whole[slot] && !wants_floats_[slot]) {
      if (wants_whole_[slot]) wants_whole_[source(slot)] = true;
    } else if (wants_whole_[slot] || wants_floats_[slot]) {
      wants_floats_[slot] = true;
      for (std::size_t i = 0; i < step_of(slot).inputs; ++i) {
        wants_floats_[graph_.input(step_of(slot), i)] = true;
      }
    }
  }
}

bool QuantizeSource::is_table(std::uint32_t slot) const {
  return wants_whole_[slot] && !wants_floats_[slot] && slot > 0 && !is_affine(slot) &&
         !is_clamp(slot);
}

std::uint32_t QuantizeSource::end_of(std::uint32_t slot) const {
  std::uint32_t end = slot;
  for (std::uint32_t later = slot + 1; later < slots(); ++later) {
    if (!wants_floats_[slot] && is_clamp(later) && source(later) == slot) end = later;
  }
  return end;
}

std::vector<float> QuantizeSource::values(std::uint32_t slot) const {
  std::vector<float> found = slot_values(graph_, slot, rows_);
  const bool is_finite = std::ranges::all_of(found, [](float v) { return std::isfinite(v); });
  if (!is_finite) {
    throw invalid_argument("quantize: a value of slot ", slot,
                           " is not finite for the reference's rows");
  }
  return found;
}

std::vector<std::vector<float>> QuantizeSource::columns(std::uint32_t slot) const {
  const std::vector<float> found = values(slot);
  const std::size_t width = graph_.width(slot);
  std::vector<std::vector<float>> columns(width, std::vector<float>(rows_.count));
  for (std::size_t j = 0; j < width; ++j) {
    for (std::size_t i = 0; i < rows_.count; ++i) columns[j][i] = found[i * width + j];
  }
  return columns;
}

double QuantizeSource::weight(const GraphStep& step, std::size_t j, std::size_t k) const {
  constexpr std::size_t kLanes = panel_lanes(NumberKind::kFloat);
  const std::size_t inputs = graph_.width(graph_.input(step, 0));
  return graph_.tensor<float>(step, 0)[(k / kLanes * inputs + j) * kLanes + k % kLanes];
}

QuantizedGraph QuantizeSource::compared(Graph made, const Answers& answers) const {
  QuantizedGraph out;
  out.graph = std::move(made);
  const auto add = [&](std::uint32_t slot, std::string name) {
    out.steps.push_back(error(std::move(name), end_of(slot), answers(out.graph, slot)));
  };
  for (std::uint32_t slot = 1; slot < slots(); ++slot) {
    if (is_affine(slot) && slot != graph_.raw_steps) add(slot, text("affine ", slot - 1));
  }
  add(graph_.raw_steps, "raw scores");
  return out;
}

StepError QuantizeSource::error(std::string name, std::uint32_t slot,
                                const std::vector<float>& got) const {
  const std::vector<float> wanted = slot_values(graph_, slot, rows_);
  StepError error{std::move(name)};
  if (got.empty() || wanted.empty()) return error;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double off = std::abs(double{got[i]} - double{wanted[i]});
    error.largest = std::max(error.largest, off);
    error.mean += off / static_cast<double>(wanted.size());
  }
  error.range = double{std::ranges::max(wanted)} - double{std::ranges::min(wanted)};
  return error;
}

}  // namespace kedge
