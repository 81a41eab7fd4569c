#include "kedge/model/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/model/covers.h"
#include "kedge/model/tree_shape.h"

namespace kedge {
namespace {

constexpr double kNever = std::numeric_limits<double>::quiet_NaN();

bool is_set(const TreeNode& node) {
  return node.test == Test::kInSet || node.test == Test::kNotInSet;
}

// The smallest value that goes right, in the precision that is read; kNever when none does. Never
// -0.0: which of two equal cuts a sort puts first is its own affair.
double cut_of(const TreeNode& node, bool reads_float32) {
  const double threshold = node.threshold + 0.0;  // one zero
  if (node.test == Test::kLess) {
    return reads_float32 ? double{float_at_least(threshold)} + 0.0 : threshold;
  }
  if (threshold == HUGE_VAL) return kNever;
  if (!reads_float32) return next_up(threshold) + 0.0;
  const float reached = float_at_least(threshold);
  return double{reached > threshold ? reached : std::nextafterf(reached, HUGE_VALF)} + 0.0;
}

SlotRule rule_of(const TreeNode& node) {
  if (is_set(node)) return SlotRule::kCategory;
  switch (node.missing) {
    case Missing::kNone:
      return SlotRule::kNanZero;
    case Missing::kNan:
      return node.missing_left ? SlotRule::kNanLow : SlotRule::kNanHigh;
    case Missing::kZero:
      break;
  }
  return node.missing_left ? SlotRule::kZeroLow : SlotRule::kZeroHigh;
}

bool below(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }

struct Parts {
  std::vector<CutTable> tables;
  std::vector<double> cuts;
  std::vector<Slot> slots;
  std::vector<RankNode> nodes;
  std::vector<RankTree> trees;
  std::vector<double> leaves;
  std::vector<std::uint32_t> bits;
  std::vector<LinearSpan> linear;
  std::vector<LinearTerm> terms;
  CoverLists covers;
};

class Quantizer {
 public:
  explicit Quantizer(const Forest& forest) : forest_(forest) {}

  Parts run() {
    find_cuts();
    find_slots();
    for (const Tree& tree : forest_.trees) add(tree);
    for (const auto& leaves : forest_.linear) {
      for (const LinearLeaf& leaf : leaves) add(leaf);
    }
    parts_.covers = list_covers(forest_);
    return std::move(parts_);
  }

 private:
  static std::size_t key(const TreeNode& node) {
    return 2 * std::size_t{node.feature} + is_set(node);
  }

  // tables_ has the table of each feature and kind, when there is one.
  void find_cuts() {
    std::vector<std::vector<double>> found(2 * forest_.features.size());
    std::vector<bool> is_asked(found.size());  // even when all its sets are empty
    for (const Tree& tree : forest_.trees) {
      for (const TreeNode& node : tree.nodes) {
        auto& cuts = found[key(node)];
        is_asked[key(node)] = true;
        if (!is_set(node)) {
          cuts.push_back(cut_of(node, forest_.reads_float32));
        } else {
          cuts.insert(cuts.end(), forest_.sets[node.set].begin(), forest_.sets[node.set].end());
        }
      }
    }
    tables_.resize(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      auto& cuts = found[i];
      if (!is_asked[i]) continue;
      std::ranges::sort(cuts, below);
      const auto same = [](double a, double b) { return a == b || std::isnan(a); };
      cuts.erase(std::ranges::unique(cuts, same).begin(), cuts.end());
      tables_[i] = static_cast<std::uint32_t>(parts_.tables.size());
      parts_.tables.push_back({static_cast<std::uint32_t>(i / 2),
                               i % 2 == 0 ? FeatureKind::kNumber : FeatureKind::kCategory,
                               static_cast<std::uint32_t>(parts_.cuts.size()),
                               static_cast<std::uint32_t>(cuts.size())});
      parts_.cuts.insert(parts_.cuts.end(), cuts.begin(), cuts.end());
    }
  }

  void find_slots() {
    for (const Tree& tree : forest_.trees) {
      for (const TreeNode& node : tree.nodes) slots_[{tables_[key(node)], rule_of(node)}] = 0;
    }
    for (auto& [slot, number] : slots_) {
      number = static_cast<std::uint32_t>(parts_.slots.size());
      parts_.slots.push_back({slot.first, slot.second});
    }
  }

  void add(const Tree& tree) {
    const std::size_t width = forest_.leaf_width;
    parts_.trees.push_back({parts_.nodes.size(), parts_.leaves.size() / width,
                            static_cast<std::uint32_t>(tree.nodes.size()), tree.output});
    for (const TreeNode& node : tree.nodes) {
      const std::uint32_t table = tables_[key(node)];
      const std::uint32_t test = is_set(node) ? bits_of(node, table) : rank_of(node, table);
      parts_.nodes.push_back(
          {slots_.find({table, rule_of(node)})->second, test, node.left, node.right});
    }
    parts_.leaves.insert(parts_.leaves.end(), tree.leaves.begin(), tree.leaves.end());
  }

  std::span<const double> cuts_of(std::uint32_t table) const {
    const CutTable& place = parts_.tables[table];
    return std::span(parts_.cuts).subspan(place.first_cut, place.cuts);
  }

  std::uint32_t rank_of(const TreeNode& node, std::uint32_t table) const {
    const auto cuts = cuts_of(table);
    const double cut = cut_of(node, forest_.reads_float32);
    return static_cast<std::uint32_t>(std::ranges::lower_bound(cuts, cut, below) - cuts.begin());
  }

  // Equal rows of bits are kept once.
  std::uint32_t bits_of(const TreeNode& node, std::uint32_t table) {
    const auto cuts = cuts_of(table);
    const auto categories = static_cast<std::uint32_t>(cuts.size());
    const bool members_right = node.test == Test::kNotInSet;
    std::vector<std::uint32_t> row(bit_words(categories));
    const auto set = [&](std::uint32_t code, bool right) {
      row[code / 32] |= std::uint32_t{right} << (code % 32);
    };
    const auto& members = forest_.sets[node.set];
    for (std::uint32_t code = 0; code < categories; ++code) {
      const bool is_member =
          std::ranges::binary_search(members, static_cast<std::uint32_t>(cuts[code]));
      set(code, is_member == members_right);
    }
    set(categories, !members_right);
    set(categories + 1, !node.missing_left);
    const auto [place, is_new] =
        rows_.try_emplace(std::move(row), static_cast<std::uint32_t>(parts_.bits.size()));
    if (is_new) parts_.bits.insert(parts_.bits.end(), place->first.begin(), place->first.end());
    return place->second;
  }

  void add(const LinearLeaf& leaf) {
    parts_.linear.push_back({leaf.constant, parts_.terms.size(), leaf.terms.size()});
    for (const LinearLeaf::Term& term : leaf.terms) {
      parts_.terms.push_back({term.coefficient, term.feature});
    }
  }

  const Forest& forest_;
  Parts parts_;
  std::vector<std::uint32_t> tables_;
  std::map<std::pair<std::uint32_t, SlotRule>, std::uint32_t> slots_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> rows_;
};

// The bounds of a ranked forest, part by part.
struct Check {
  const RankedForest& forest;

  static std::uint64_t end_of(const CutTable& table) {
    return std::uint64_t{table.first_cut} + table.cuts;
  }
  static auto order(const CutTable& table) { return std::pair(table.feature, table.kind); }

  void table(std::size_t i) const {
    const CutTable& table = forest.tables[i];
    if (table.feature >= forest.features) {
      throw corrupt_data("cut table ", i, ": feature ", table.feature, " of ", forest.features);
    }
    const bool is_category = table.kind == FeatureKind::kCategory;
    if (!is_category && table.kind != FeatureKind::kNumber) {
      throw corrupt_data("cut table ", i, ": kind ", static_cast<unsigned>(table.kind));
    }
    const std::uint64_t first = i == 0 ? 0 : end_of(forest.tables[i - 1]);
    if (table.first_cut != first || end_of(table) > forest.cuts.size()) {
      throw corrupt_data("cut table ", i, ": cuts ", table.first_cut, " to ", end_of(table), " of ",
                         forest.cuts.size(), "; they must begin at ", first);
    }
    if (i > 0 && order(forest.tables[i - 1]) >= order(table)) {
      throw corrupt_data("cut table ", i, ": feature ", table.feature,
                         " does not rise, nor its kind");
    }
    const auto cuts = forest.cuts.subspan(table.first_cut, table.cuts);
    for (std::size_t j = 0; j < cuts.size(); ++j) {
      const bool is_whole =
          cuts[j] >= 0 && cuts[j] <= kMostCategory && std::floor(cuts[j]) == cuts[j];
      if ((j > 0 && !below(cuts[j - 1], cuts[j])) || (is_category && !is_whole)) {
        throw corrupt_data("cut table ", i, ": cut ", j, " = ", cuts[j],
                           is_category ? " is no category, or does not rise" : " does not rise");
      }
    }
  }

  void slot(std::size_t i) const {
    const Slot& slot = forest.slots[i];
    if (slot.table >= forest.tables.size()) {
      throw corrupt_data("slot ", i, ": cut table ", slot.table, " of ", forest.tables.size());
    }
    const bool is_category = forest.tables[slot.table].kind == FeatureKind::kCategory;
    if (slot.rule > SlotRule::kCategory || (slot.rule == SlotRule::kCategory) != is_category) {
      throw corrupt_data("slot ", i, ": rule ", static_cast<std::uint32_t>(slot.rule),
                         " does not fit its cut table");
    }
    if (i > 0 && std::pair(forest.slots[i - 1].table, forest.slots[i - 1].rule) >=
                     std::pair(slot.table, slot.rule)) {
      throw corrupt_data("slot ", i, ": cut table ", slot.table, " does not rise, nor its rule");
    }
  }

  // Each cut belongs to one table: so a small file cannot ask for much memory.
  void cuts() const {
    const std::uint64_t end = forest.tables.empty() ? 0 : end_of(forest.tables.back());
    if (end != forest.cuts.size()) {
      throw corrupt_data("the cut tables have ", end, " cuts, ", forest.cuts.size(), " are there");
    }
  }

  void node(std::size_t tree, std::size_t i, const RankNode& node) const {
    if (node.slot >= forest.slots.size()) {
      throw corrupt_data("tree ", tree, ", node ", i, ": slot ", node.slot, " of ",
                         forest.slots.size());
    }
    const CutTable& table = forest.tables[forest.slots[node.slot].table];
    const bool is_category = table.kind == FeatureKind::kCategory;
    const std::uint64_t end = is_category ? std::uint64_t{node.test} + bit_words(table.cuts)
                                          : std::uint64_t{node.test} + 1;
    const std::uint64_t most = is_category ? forest.bits.size() : table.cuts;
    if (end > most) {
      throw corrupt_data("tree ", tree, ", node ", i, ": test ", node.test, " of ", most);
    }
  }

  void trees() const {
    std::uint64_t nodes = 0;
    std::uint64_t leaves = 0;
    for (std::size_t i = 0; i < forest.trees.size(); ++i) {
      const RankTree& tree = forest.trees[i];
      if (tree.first_node != nodes || tree.first_leaf != leaves ||
          tree.nodes > forest.nodes.size() - nodes ||
          std::uint64_t{tree.nodes} + 1 > forest.leaf_count() - leaves ||
          std::uint64_t{tree.output} + forest.leaf_width > forest.outputs) {
        throw corrupt_data("tree ", i, ": node ", tree.first_node, " (", tree.nodes,
                           " of them), leaf ", tree.first_leaf, ", output ", tree.output,
                           " do not fit ", forest.nodes.size(), " nodes, ", forest.leaf_count(),
                           " leaves and outputs below ", forest.outputs);
      }
      const auto part = forest.nodes.subspan(nodes, tree.nodes);
      for (std::size_t j = 0; j < part.size(); ++j) node(i, j, part[j]);
      check_shape(part, i);
      nodes += tree.nodes;
      leaves += std::uint64_t{tree.nodes} + 1;
    }
    if (nodes != forest.nodes.size() || leaves * forest.leaf_width != forest.leaves.size()) {
      throw corrupt_data("the trees have ", nodes, " nodes and ", leaves, " leaves, ",
                         forest.nodes.size(), " and ", forest.leaves.size(), " are there");
    }
  }

  void linear() const {
    if (forest.linear.empty()) return;
    if (forest.linear.size() != forest.leaf_count() || forest.leaf_width != 1) {
      throw corrupt_data(forest.linear.size(), " linear leaves of ", forest.leaf_count());
    }
    std::uint64_t end = 0;  // each term belongs to one leaf, which bounds a row's work
    for (std::size_t i = 0; i < forest.linear.size(); ++i) {
      const LinearSpan& leaf = forest.linear[i];
      if (leaf.first_term != end || leaf.terms > forest.terms.size() - end) {
        throw corrupt_data("linear leaf ", i, ": terms ", leaf.first_term, " and ", leaf.terms,
                           " more of ", forest.terms.size(), "; they must begin at ", end);
      }
      end += leaf.terms;
    }
    if (end != forest.terms.size()) {
      throw corrupt_data("the linear leaves have ", end, " terms, ", forest.terms.size(),
                         " are there");
    }
    for (std::size_t i = 0; i < forest.terms.size(); ++i) {
      if (forest.terms[i].feature >= forest.features) {
        throw corrupt_data("term ", i, ": feature ", forest.terms[i].feature, " of ",
                           forest.features);
      }
    }
  }
};

}  // namespace

std::uint32_t most_code(const CutTable& table) noexcept {
  return table.cuts + (table.kind == FeatureKind::kCategory ? 1 : 0);
}

std::vector<std::uint64_t> feature_uses(const RankedForest& forest) {
  std::vector<std::uint64_t> uses(forest.features);
  for (const RankNode& node : forest.nodes) {
    ++uses[forest.tables[forest.slots[node.slot].table].feature];
  }
  for (const LinearTerm& term : forest.terms) ++uses[term.feature];
  return uses;
}

RankedForest quantize(const Forest& forest) {
  const auto parts = std::make_shared<const Parts>(Quantizer(forest).run());
  RankedForest ranked;
  static_cast<Scoring&>(ranked) = forest;
  ranked.features = static_cast<std::uint32_t>(forest.features.size());
  ranked.tables = parts->tables;
  ranked.cuts = parts->cuts;
  ranked.slots = parts->slots;
  ranked.nodes = parts->nodes;
  ranked.trees = parts->trees;
  ranked.leaves = parts->leaves;
  ranked.bits = parts->bits;
  ranked.linear = parts->linear;
  ranked.terms = parts->terms;
  ranked.covers = {parts->covers.floats, parts->covers.doubles};
  ranked.owner = parts;
  return ranked;
}

void check(const RankedForest& forest) {
  check_scoring(forest, forest.features);
  const Check parts{forest};
  for (std::size_t i = 0; i < forest.tables.size(); ++i) parts.table(i);
  parts.cuts();
  for (std::size_t i = 0; i < forest.slots.size(); ++i) parts.slot(i);
  parts.trees();
  parts.linear();
  check_covers(forest);
}

}  // namespace kedge
