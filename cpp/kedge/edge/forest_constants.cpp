#include "kedge/edge/forest_constants.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>
#include <vector>

#include "kedge/base/bits.h"
#include "kedge/edge/constants.h"
#include "kedge/score/flat_forest.h"
#include "kedge/score/heap_place.h"
#include "kedge/score/ranker.h"
#include "kedge/score/tree_layout.h"
#include "kedge/score/tree_tests.h"

namespace kedge {
namespace {

constexpr std::size_t kPointerBytes = 4;

template <class Number>
std::string_view type_text() {
  if constexpr (std::is_same_v<Number, float>) return "float";
  if constexpr (std::is_same_v<Number, double>) return "double";
  if constexpr (std::is_same_v<Number, std::uint8_t>) return "std::uint8_t";
  if constexpr (std::is_same_v<Number, std::uint16_t>) return "std::uint16_t";
  if constexpr (std::is_same_v<Number, std::uint32_t>) return "std::uint32_t";
  if constexpr (std::is_same_v<Number, ByteNode>) return "kedge::ByteNode";
  if constexpr (std::is_same_v<Number, WordNode>) return "kedge::WordNode";
  if constexpr (std::is_same_v<Number, WideNode>) return "kedge::WideNode";
  if constexpr (std::is_same_v<Number, NumberTests>) return "kedge::Exceeds";
  return "kedge::BitAt";
}

// The narrower constants of one forest. Constructing writes nothing: write() does.
template <class Node, class Code, class Tests, class Value, class Sum>
class ForestConstants {
 public:
  ForestConstants(const RankedForest& forest, std::string_view input)
      : forest_(forest), ranker_(forest), tests_(forest), input_(input) {}

  std::size_t write(std::string& out) {
    write_tables(out);
    write_slots(out);
    write_trees(out);
    write_values(out, "kLeaves", forest_.leaves);
    write_values(out, "kStart", forest_.start);
    write_values(out, "kBias", forest_.bias);
    if constexpr (std::is_same_v<Tests, BitTests>) array(out, "kBits", tests_.words());
    write_forest_line(out);
    return bytes_;
  }

 private:
  template <class Number>
  void array(std::string& out, std::string_view name, std::span<const Number> values) {
    write_array(out, type_text<Number>(), name, values);
    bytes_ += values.size_bytes();
  }

  // All heaps behind one another, and all lists of categories.
  void write_tables(std::string& out) {
    std::vector<Value> cuts;
    std::vector<std::uint32_t> categories;
    std::vector<std::string> tables;
    for (const CutTable& table : forest_.tables) {
      const auto own = forest_.cuts.subspan(table.first_cut, table.cuts);
      std::string heap = "{nullptr, 0u}";
      std::string list = "nullptr";
      if (table.kind == FeatureKind::kCategory) {
        list = text("kCategories + ", categories.size());
        for (const double category : own) {
          categories.push_back(static_cast<std::uint32_t>(category));
        }
        if (own.empty()) list = "kNoCategories";
      } else {
        const auto levels = static_cast<std::uint32_t>(std::bit_width(own.size()));
        heap = own.empty() ? heap : braced(text("kCuts + ", cuts.size()), levels);
        add_heap(own, levels, cuts);
      }
      tables.push_back(braced(table.feature, heap, list, table.cuts));
    }
    array(out, "kCuts", std::span<const Value>(cuts));
    array(out, "kCategories", std::span<const std::uint32_t>(categories));
    out += "inline constexpr std::uint32_t kNoCategories[] = {0};\n";
    table_count_ = tables.size();
    write_array(out, text("kedge::FlatCuts<", type_text<Value>(), ">"), "kTables",
                std::span<const std::string>(tables));
    bytes_ += tables.size() * (4 + kPointerBytes + 4 + kPointerBytes + 4);
  }

  static void add_heap(std::span<const double> own, std::uint32_t levels,
                       std::vector<Value>& cuts) {
    const std::size_t first = cuts.size();
    if (!own.empty()) {
      cuts.resize(first + (std::size_t{1} << levels), std::numeric_limits<Value>::quiet_NaN());
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      Value& cut = cuts[first + heap_place(i, levels)];
      if constexpr (std::is_same_v<Value, float>) {
        cut = float_at_least(own[i]);
      } else {
        cut = own[i];
      }
    }
  }

  void write_slots(std::string& out) {
    std::vector<std::string> slots;
    for (std::size_t i = 0; i < forest_.slots.size(); ++i) {
      const Slot& slot = forest_.slots[i];
      const bool is_zero = slot.rule == SlotRule::kZeroLow || slot.rule == SlotRule::kZeroHigh;
      slots.push_back(braced(slot.table, ranker_.missing_code(i), is_zero));
    }
    write_array(out, "kedge::FlatSlot", "kSlots", std::span<const std::string>(slots));
    bytes_ += slots.size() * sizeof(FlatSlot);
  }

  void write_trees(std::string& out) {
    TreeLayout<Node> layout =
        lay_out<Node>(forest_, tests_.leaf_test(ranker_.most_code()),
                      [&](const RankNode& node) { return tests_.test_of(node); });
    std::vector<FlatTree> trees;
    for (std::size_t i = 0; i < forest_.trees.size(); ++i) {
      const RankTree& tree = forest_.trees[i];
      trees.push_back(
          {layout.trees[i].root, static_cast<std::uint32_t>(tree.first_leaf), tree.output});
      const std::size_t end = std::size_t{trees.back().root} + 2 * std::size_t{tree.nodes} + 1;
      for (std::size_t at = trees.back().root; at < end; ++at) {
        if (layout.leaf[at] == kInner) continue;
        put_leaf(layout.nodes[at], layout.leaf[at] - trees.back().first_leaf);
      }
    }
    write_array(out, type_text<Node>(), "kNodes", std::span<const Node>(layout.nodes),
                [](const Node& node) { return braced(fields(node)); });
    write_array(
        out, "kedge::FlatTree", "kTrees", std::span<const FlatTree>(trees),
        [](const FlatTree& tree) { return braced(tree.root, tree.first_leaf, tree.output); });
    bytes_ += layout.nodes.size() * sizeof(Node) + trees.size() * sizeof(FlatTree);
  }

  static void put_leaf(ByteNode& node, std::uint32_t leaf) {
    node.slot = static_cast<std::uint8_t>(leaf);
    node.test = static_cast<std::uint8_t>(leaf >> 8);
  }
  template <class Other>
  static void put_leaf(Other& node, std::uint32_t leaf) {
    node.test = leaf;
  }

  // In the order in which they stand in the struct.
  static std::string fields(const ByteNode& node) {
    return text(node.test, ", ", node.slot, ", ", node.ahead);
  }
  template <class Other>
  static std::string fields(const Other& node) {
    return text(node.test, "u, ", node.slot, "u, ", node.ahead, "u");
  }

  void write_values(std::string& out, std::string_view name, std::span<const double> values) {
    std::vector<Sum> sums;
    const bool is_bias = name == "kBias";
    for (const double value : values) {
      sums.push_back(is_bias && value == 0 ? Sum{-0.0} : static_cast<Sum>(value));
    }
    array(out, name, std::span<const Sum>(sums));
  }

  void write_forest_line(std::string& out) {
    constexpr bool kHasBits = std::is_same_v<Tests, BitTests>;
    const bool has_ending =
        forest_.divisor != 1 || forest_.scale != 1 ||
        std::ranges::any_of(forest_.bias, [](double bias) { return bias != 0; });
    const std::string type = text("kedge::FlatForest<", type_text<Node>(), ", ", type_text<Code>(),
                                  ", ", type_text<Tests>(), ", ", input_, ", ", type_text<Value>(),
                                  ", ", type_text<Sum>(), ">");
    const auto slots = static_cast<std::uint32_t>(forest_.slots.size());
    out += text("inline constexpr ", type, " kForest = {\n    ",
                table_count_ > 0 ? "kTables" : "nullptr", ", ", slots > 0 ? "kSlots" : "nullptr",
                ", ", slots, "u, kedge::CategoryRule{",
                static_cast<std::uint32_t>(forest_.category_rule), "},\n    ");
    out += text(forest_.trees.empty() ? "nullptr, nullptr, " : "kNodes, kTrees, ",
                forest_.trees.size(), "u, {", kHasBits ? "kBits" : "", "}, ",
                forest_.leaves.empty() ? "nullptr" : "kLeaves", ", ", forest_.leaf_width,
                "u,\n    ", forest_.outputs, "u, kStart, kBias, ", constant_of(has_ending), ", ");
    out += braced(static_cast<Sum>(forest_.divisor), static_cast<Sum>(forest_.scale)) + "};\n";
    bytes_ += 12 * kPointerBytes + 3 * sizeof(Sum);
  }

  const RankedForest& forest_;
  Ranker ranker_;
  Tests tests_;
  std::string_view input_;
  std::size_t bytes_ = 0;
  std::size_t table_count_ = 0;
};

struct WriteForest {
  std::string& out;
  bool rows_are_double;

  template <class Node, class Code, class Tests>
  std::size_t operator()(const RankedForest& forest) const {
    if (rows_are_double && !forest.reads_float32) {
      return with_sum<Node, Code, Tests, double>(forest);
    }
    return with_sum<Node, Code, Tests, float>(forest);
  }
  template <class Node, class Code, class Tests, class Value>
  std::size_t with_sum(const RankedForest& forest) const {
    const std::string_view input = rows_are_double ? "double" : "float";
    if (forest.sums_float32) {
      return ForestConstants<Node, Code, Tests, Value, float>(forest, input).write(out);
    }
    return ForestConstants<Node, Code, Tests, Value, double>(forest, input).write(out);
  }
};

}  // namespace

std::size_t write_forest(std::string& out, const RankedForest& forest, bool rows_are_double) {
  return with_narrowest(forest, WriteForest{out, rows_are_double});
}

}  // namespace kedge
