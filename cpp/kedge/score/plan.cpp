#include "kedge/score/plan.h"

namespace kedge {
namespace {

// Half a second-level cache: weights want the other half.
constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::size_t kMostBlockRows = 96;
constexpr std::size_t kTileRows = 12;  // whole tiles of the widest kernel

std::size_t size_of(NumberKind number) {
  if (number == NumberKind::kByte) return 1;
  if (number == NumberKind::kShort) return sizeof(std::int16_t);
  return number == NumberKind::kFloat ? sizeof(float) : sizeof(double);
}

template <class To, class From>
void gather(const Rows& rows, std::size_t width, To* out, std::size_t stride) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      out[i * stride + j] = static_cast<To>(rows.at<From>(i, j));
    }
  }
}

}  // namespace

Plan::Plan(Graph graph, const RankedForest& forest, Slots slots)
    : graph_(std::move(graph)), keeps_slots_(slots == Slots::kKept) {
  if (tree_features(graph_) > 0) forest_ = std::make_unique<const ForestRunner>(forest);
  uses_.resize(graph_.steps.size() + 1);
  for (const GraphStep& step : graph_.steps) {
    for (std::size_t i = 0; i < step.inputs; ++i) ++uses_[graph_.input(step, i)];
  }
  ++uses_[graph_.raw_steps];
  lay_out();
  for (std::size_t i = 0; i < graph_.steps.size(); ++i) {
    const GraphStep& step = graph_.steps[i];
    if (i == graph_.raw_steps) raw_steps_ = steps_.size();
    PlanStep bound{};
    bound.step = step;
    bound.inputs = graph_.inputs.subspan(step.first_input, step.inputs);
    bound.output = static_cast<std::uint32_t>(i + 1);
    bound.input_width = static_cast<std::uint32_t>(graph_.width(bound.inputs.front()));
    for (std::size_t k = 0; k < step.tensors && k < 2; ++k) {
      bound.tensors[k] = graph_.tensor<std::byte>(step, k);
    }
    if (step.tensors > 0) bound.tensor_count = graph_.tensor_count(step, 0);
    const bool is_relu = step.kind == StepKind::kActivate &&
                         step.option == static_cast<std::uint32_t>(Activation::kRelu);
    if (is_relu && runs_in_place(i) && !steps_.empty() &&
        steps_.back().step.kind == StepKind::kAffine &&
        steps_.back().output == bound.inputs.front()) {
      steps_.back().step.option = step.option;
      continue;
    }
    bound.forest = forest_.get();
    bind_step(graph_, bound);
    steps_.push_back(bound);
  }
  if (graph_.raw_steps == graph_.steps.size()) raw_steps_ = steps_.size();
}

// An activation whose input nobody else reads writes over it.
bool Plan::runs_in_place(std::size_t i) const {
  const GraphStep& step = graph_.steps[i];
  const std::uint32_t slot = graph_.input(step, 0);
  return !keeps_slots_ && step.kind == StepKind::kActivate && slot != 0 && uses_[slot] == 1;
}

void Plan::lay_out() {
  slots_.resize(graph_.steps.size() + 1);
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slot > 0 && runs_in_place(slot - 1)) {
      slots_[slot] = slots_[graph_.input(graph_.steps[slot - 1], 0)];
      continue;
    }
    const NumberKind number = graph_.number_of(slot);
    slots_[slot] = {row_bytes_, padded_width(graph_.width(slot), number)};
    row_bytes_ += slots_[slot].stride * size_of(number);
  }
  block_rows_ = std::clamp<std::size_t>(kBlockBytes / row_bytes_, 1, kMostBlockRows);
  if (block_rows_ > kTileRows) block_rows_ -= block_rows_ % kTileRows;
}

void Plan::load_rows(const Rows& rows, PlanFrame& frame) const noexcept {
  const bool wants_float = graph_.number == NumberKind::kFloat;
  const auto each = static_cast<std::ptrdiff_t>(wants_float ? sizeof(float) : sizeof(double));
  const auto address = reinterpret_cast<std::uintptr_t>(rows.data);
  if (rows.is_float32 == wants_float && rows.column_stride == each && rows.row_stride >= 0 &&
      rows.row_stride % each == 0 && address % static_cast<std::size_t>(each) == 0) {
    frame.x = rows.data;
    frame.x_stride = static_cast<std::size_t>(rows.row_stride / each);
    return;
  }
  frame.x = frame.slot<std::byte>(0);
  frame.x_stride = slots_[0].stride;
  const std::size_t width = graph_.features;
  if (wants_float && rows.is_float32) {
    gather<float, float>(rows, width, frame.slot<float>(0), frame.x_stride);
  } else if (wants_float) {
    gather<float, double>(rows, width, frame.slot<float>(0), frame.x_stride);
  } else if (rows.is_float32) {
    gather<double, float>(rows, width, frame.slot<double>(0), frame.x_stride);
  } else {
    gather<double, double>(rows, width, frame.slot<double>(0), frame.x_stride);
  }
}

void Plan::store_rows(const PlanFrame& frame, std::uint32_t slot, std::byte* out) const noexcept {
  const std::size_t each = size_of(graph_.number_of(slot));
  const std::size_t bytes = graph_.width(slot) * each;
  const auto* from = frame.slot<std::byte>(slot);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    std::copy_n(from + i * slots_[slot].stride * each, bytes, out + i * bytes);
  }
}

void Plan::score(const Rows& rows, void* out, bool raw) const noexcept {
  const std::uint32_t slot =
      raw ? graph_.raw_steps : static_cast<std::uint32_t>(graph_.steps.size());
  const std::span<const PlanStep> steps = std::span(steps_).first(raw ? raw_steps_ : steps_.size());
  const std::size_t row_size = graph_.outputs() * size_of(graph_.number_of(slot));
  run_blocks(rows, steps, [&](std::size_t first, const PlanFrame& frame) {
    store_rows(frame, slot, static_cast<std::byte*>(out) + first * row_size);
  });
}

}  // namespace kedge
