#include "kedge/model/graph_fuse.h"

#include <array>
#include <vector>

#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

std::vector<std::uint32_t> uses_of(const Graph& graph) {
  std::vector<std::uint32_t> uses(graph.steps.size() + 1);
  for (const GraphStep& step : graph.steps) {
    for (std::size_t i = 0; i < step.inputs; ++i) ++uses[graph.input(step, i)];
  }
  ++uses[graph.raw_steps];
  return uses;
}

template <class Number>
std::vector<double> widened(const Graph& graph, const GraphStep& step, std::size_t i) {
  const Number* from = graph.tensor<Number>(step, i);
  return {from, from + graph.tensor_count(step, i)};
}

std::vector<double> tensor_of(const Graph& graph, const GraphStep& step, std::size_t i) {
  return step.number == NumberKind::kFloat ? widened<float>(graph, step, i)
                                           : widened<double>(graph, step, i);
}

// Weights out of their panels, a row of `outputs` for each input.
std::vector<double> weights_of(const Graph& graph, const GraphStep& affine, std::size_t inputs) {
  const std::size_t lanes = panel_lanes(affine.number);
  const std::size_t outputs = affine.width;
  const std::vector<double> panels = tensor_of(graph, affine, 0);
  std::vector<double> weights(inputs * outputs);
  for (std::size_t j = 0; j < inputs; ++j) {
    for (std::size_t k = 0; k < outputs; ++k) {
      weights[j * outputs + k] = panels[(k / lanes * inputs + j) * lanes + k % lanes];
    }
  }
  return weights;
}

class Fuse {
 public:
  explicit Fuse(const Graph& graph)
      : graph_(graph),
        uses_(uses_of(graph)),
        builder_(graph.features, graph.number),
        slots_(graph.steps.size() + 1) {}

  Graph run() {
    for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
      const GraphStep& step = graph_.steps[slot - 1];
      slots_[slot] = is_fused(step) ? write_affine(step) : builder_.copy(graph_, step, slots_);
    }
    return builder_.finish(slots_[graph_.raw_steps]);
  }

 private:
  const GraphStep* maker(std::uint32_t slot) const {
    return slot == 0 ? nullptr : &graph_.steps[slot - 1];
  }

  // One column's table that nobody else reads; floats still tell its rows apart from others'.
  bool is_table(std::uint32_t slot, std::size_t outputs) const {
    constexpr std::size_t kMostTable = std::size_t{1} << 20;
    const GraphStep* step = maker(slot);
    return step != nullptr && step->kind == StepKind::kLookUp && step->repeat == 1 &&
           step->width > outputs && uses_[slot] == 1 && graph_.tensor_count(*step, 0) <= kMostTable;
  }

  bool is_fused(const GraphStep& step) const {
    if (step.kind != StepKind::kAffine || step.repeat != 1) return false;
    const std::uint32_t slot = graph_.input(step, 0);
    const GraphStep* concat = maker(slot);
    if (concat == nullptr || concat->kind != StepKind::kConcat || uses_[slot] != 1) return false;
    for (std::size_t i = 0; i < concat->inputs; ++i) {
      if (is_table(graph_.input(*concat, i), step.width)) return true;
    }
    return false;
  }

  std::uint32_t write_affine(const GraphStep& affine) {
    const std::uint32_t joined = graph_.input(affine, 0);
    const GraphStep& concat = *maker(joined);
    const std::size_t outputs = affine.width;
    const std::vector<double> weights = weights_of(graph_, affine, graph_.width(joined));
    std::vector<std::uint32_t> parts;
    std::vector<double> left;
    std::vector<Table> tables;  // side by side
    std::size_t at = 0;
    for (std::size_t i = 0; i < concat.inputs; ++i) {
      const std::uint32_t slot = graph_.input(concat, i);
      const auto rows = std::span(weights).subspan(at * outputs, graph_.width(slot) * outputs);
      at += graph_.width(slot);
      if (is_table(slot, outputs)) {
        tables.push_back(table_of(*maker(slot), rows, outputs));
        for (std::size_t k = 0; k < outputs * outputs; ++k) {
          left.push_back(k % (outputs + 1) == 0 ? 1 : 0);
        }
        continue;
      }
      write_tables(tables, outputs, parts);
      parts.push_back(slots_[slot]);
      left.insert(left.end(), rows.begin(), rows.end());
    }
    write_tables(tables, outputs, parts);
    std::vector<double> bias = tensor_of(graph_, affine, 1);
    bias.resize(outputs);
    return builder_.affine(builder_.concat(parts), outputs, left, bias);
  }

  // Which number asks, which row it gets where it is NaN, and the rows.
  struct Table {
    std::uint32_t asks;
    double none;
    std::vector<double> rows;
  };

  Table table_of(const GraphStep& step, std::span<const double> weights,
                 std::size_t outputs) const {
    Table made{graph_.input(step, 0), 0, {}};
    const GraphStep* fill = maker(made.asks);
    if (fill != nullptr && fill->kind == StepKind::kFill && fill->width == 1) {
      made.none = tensor_of(graph_, *fill, 0).front();
      made.asks = graph_.input(*fill, 0);
    }
    const std::vector<double> table = tensor_of(graph_, step, 0);
    made.rows.resize(table.size() / step.width * outputs);
    for (std::size_t row = 0; row < table.size() / step.width; ++row) {
      for (std::size_t j = 0; j < step.width; ++j) {
        for (std::size_t k = 0; k < outputs; ++k) {
          made.rows[row * outputs + k] += table[row * step.width + j] * weights[j * outputs + k];
        }
      }
    }
    return made;
  }

  // One table of all, each at its own first row; leaves `tables` empty.
  void write_tables(std::vector<Table>& tables, std::size_t outputs,
                    std::vector<std::uint32_t>& parts) {
    if (tables.empty()) return;
    std::vector<std::uint32_t> asks;
    std::vector<double> nones;
    std::vector<double> lasts;
    std::vector<double> firsts;
    std::vector<double> rows;
    for (const Table& table : tables) {
      asks.push_back(slots_[table.asks]);
      nones.push_back(table.none);
      const std::size_t count = table.rows.size() / outputs;
      const std::size_t first = rows.size() / outputs;
      lasts.push_back(static_cast<double>(count - 1));
      firsts.push_back(static_cast<double>(first));
      rows.insert(rows.end(), table.rows.begin(), table.rows.end());
    }
    std::uint32_t slot = builder_.fill(builder_.concat(asks), nones);
    if (tables.size() > 1) {
      constexpr std::array kFirst = {0.0};
      slot = builder_.combine(Combination::kMax, slot, kFirst);
      slot = builder_.combine(Combination::kMin, slot, lasts);
      slot = builder_.combine(Combination::kAdd, slot, firsts);
    }
    parts.push_back(builder_.look_up(slot, rows, outputs));
    tables.clear();
  }

  const Graph& graph_;
  std::vector<std::uint32_t> uses_;
  GraphBuilder builder_;
  std::vector<std::uint32_t> slots_;  // of each slot, the one that is written for it
};

}  // namespace

Graph fuse_tables(const Graph& graph) { return Fuse(graph).run(); }

}  // namespace kedge
