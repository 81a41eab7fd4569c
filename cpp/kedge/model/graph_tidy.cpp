#include "kedge/model/graph_tidy.h"

#include <algorithm>
#include <vector>

#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

struct Source {
  std::uint32_t slot;
  std::uint32_t column;
};

// Columns of one slot, one after the other in a row of sources.
struct Run {
  std::uint32_t slot;
  std::vector<std::uint32_t> columns;
};

std::vector<Run> runs_of(const std::vector<Source>& sources) {
  std::vector<Run> runs;
  for (const Source& source : sources) {
    if (runs.empty() || runs.back().slot != source.slot) runs.push_back({source.slot, {}});
    runs.back().columns.push_back(source.column);
  }
  return runs;
}

// Steps of a graph, written again into a builder.
class Tidy {
 public:
  explicit Tidy(const Graph& graph)
      : graph_(graph),
        builder_(graph.features, graph.number),
        slots_(graph.steps.size() + 1),
        sources_(slots_.size()),
        is_wanted_(slots_.size()) {}

  Graph run() {
    find_sources();
    find_wanted();
    for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
      if (!is_wanted_[slot]) continue;
      slots_[slot] =
          runs_[slot].empty() ? builder_.copy(graph_, step(slot), slots_) : write_runs(runs_[slot]);
    }
    const auto last = static_cast<std::uint32_t>(graph_.steps.size());
    if (slots_[last] != builder_.steps() || builder_.steps() == 0) {
      builder_.concat({&slots_[last], 1});
    }
    const bool is_same = graph_.raw_steps == last;
    return builder_.finish(is_same ? builder_.steps() : raw_slot());
  }

 private:
  const GraphStep& step(std::uint32_t slot) const { return graph_.steps[slot - 1]; }

  // Raw scores are never a row as it comes.
  std::uint32_t raw_slot() {
    const std::uint32_t raw = slots_[graph_.raw_steps];
    return raw == 0 ? builder_.steps() : raw;
  }

  bool moves_only(std::uint32_t slot) const {
    const GraphStep& moved = step(slot);
    if (moved.kind == StepKind::kConcat) return true;
    if (moved.kind != StepKind::kSelect) return false;
    const auto* columns = graph_.tensor<std::uint32_t>(moved, 0);
    return std::find(columns, columns + moved.width, kNoColumn) == columns + moved.width;
  }

  void append_sources(std::uint32_t slot, std::vector<Source>& out) const {
    if (!sources_[slot].empty()) {
      out.insert(out.end(), sources_[slot].begin(), sources_[slot].end());
      return;
    }
    for (std::uint32_t j = 0; j < graph_.width(slot); ++j) out.push_back({slot, j});
  }

  bool are_whole(const std::vector<Run>& runs) const {
    return std::ranges::all_of(runs,
                               [&](const Run& run) { return is_all(run, graph_.width(run.slot)); });
  }

  static bool is_all(const Run& run, std::size_t width) {
    bool is_same = run.columns.size() == width;
    for (std::size_t j = 0; j < run.columns.size(); ++j) is_same &= run.columns[j] == j;
    return is_same;
  }

  // Where the columns of steps that only move them were made.
  void find_sources() {
    runs_.resize(slots_.size());
    for (std::uint32_t slot = 1; slot < slots_.size(); ++slot) {
      if (!moves_only(slot)) continue;
      const GraphStep& moved = step(slot);
      std::vector<Source> all;
      for (std::size_t i = 0; i < moved.inputs; ++i) append_sources(graph_.input(moved, i), all);
      if (moved.kind == StepKind::kSelect) {
        const auto* columns = graph_.tensor<std::uint32_t>(moved, 0);
        std::vector<Source> chosen;
        chosen.reserve(moved.width);
        for (std::size_t j = 0; j < moved.width; ++j) chosen.push_back(all[columns[j]]);
        all = std::move(chosen);
      }
      std::vector<Run> runs = runs_of(all);
      // Columns from here and there are cheaper to take from where they lie together.
      if (runs.size() > moved.inputs + kMoreRuns && !are_whole(runs)) continue;
      runs_[slot] = std::move(runs);
      sources_[slot] = std::move(all);
    }
  }

  void find_wanted() {
    is_wanted_[graph_.steps.size()] = true;
    is_wanted_[graph_.raw_steps] = true;
    for (auto slot = static_cast<std::uint32_t>(slots_.size()); slot-- > 1;) {
      if (!is_wanted_[slot]) continue;
      for (const Run& run : runs_[slot]) is_wanted_[run.slot] = true;
      if (!runs_[slot].empty()) continue;
      for (std::size_t i = 0; i < step(slot).inputs; ++i) {
        is_wanted_[graph_.input(step(slot), i)] = true;
      }
    }
  }

  std::uint32_t write_runs(const std::vector<Run>& runs) {
    std::vector<std::uint32_t> parts;
    parts.reserve(runs.size());
    for (const Run& run : runs) parts.push_back(write_run(run));
    return parts.size() == 1 ? parts.front() : builder_.concat(parts);
  }

  std::uint32_t write_run(const Run& run) {
    const std::uint32_t slot = slots_[run.slot];
    return is_all(run, builder_.width(slot)) ? slot : builder_.select(slot, run.columns);
  }

  static constexpr std::size_t kMoreRuns = 4;

  const Graph& graph_;
  GraphBuilder builder_;
  std::vector<std::uint32_t> slots_;          // of each slot, the one that is written for it
  std::vector<std::vector<Source>> sources_;  // of slots that move columns
  std::vector<std::vector<Run>> runs_;        // the same, by slot
  std::vector<bool> is_wanted_;
};

}  // namespace

Graph tidy(const Graph& graph) { return Tidy(graph).run(); }

}  // namespace kedge
