#include "kedge/score/explain_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kedge/base/error.h"
#include "kedge/base/quadrature.h"
#include "kedge/model/covers.h"

namespace kedge {
namespace {

constexpr std::size_t kMostInverses = std::size_t{1} << 27;

// The last node on the path that asks for a feature, and which way the path goes there.
struct Before {
  std::int32_t node = -1;
  bool is_left = false;
};

void refuse_unexplained(const RankedForest& forest) {
  if (!forest.linear.empty()) {
    throw unsupported("explain: linear leaves; their values depend on the row");
  }
  if (!has_covers(forest)) {
    throw unsupported(
        "explain: the model does not say how many training rows came by its leaves; "
        "against a background it can be explained without");
  }
  for (std::size_t i = 0; i < forest.leaves.size(); ++i) {
    if (!std::isfinite(forest.leaves[i])) {
      throw unsupported("explain: leaf value ", i, " = ", forest.leaves[i]);
    }
  }
}

}  // namespace

// One tree at a time into the plan.
class ExplainPlan::Builder {
 public:
  explicit Builder(ExplainPlan& plan)
      : plan_(plan), forest_(plan.forest_), before_(forest_.features) {}

  void add(std::size_t number) {
    tree_ = &forest_.trees[number];
    number_ = number;
    covers_ = tree_covers(forest_, number);
    first_ = plan_.nodes_.size();
    later_.clear();
    most_depth_ = most_distinct_ = distinct_ = 0;
    walk();
    finish();
  }

 private:
  // A walk's next step: down to a node, or up from it.
  struct Open {
    std::int32_t node;  // in the forest's tree
    std::uint32_t depth;
    std::int32_t place;
    std::int32_t number;  // in the plan's tree, once it was entered
    std::uint8_t stage;   // 0: not entered, 1: on the left, 2: on the right
    Before before;        // of its feature
  };

  const RankNode& node_of(std::int32_t node) const {
    return forest_.nodes[tree_->first_node + static_cast<std::size_t>(node)];
  }
  double cover_of(std::int32_t child) const {
    return child < 0 ? covers_.leaves[static_cast<std::size_t>(-(child + 1))]
                     : covers_.nodes[static_cast<std::size_t>(child)];
  }
  std::uint32_t feature_of(const RankNode& node) const {
    return forest_.tables[forest_.slots[node.slot].table].feature;
  }

  void walk() {
    open_.clear();
    if (tree_->nodes > 0) open_.push_back({0, 0, 0, 0, 0, {}});
    while (!open_.empty()) {
      Open& at = open_.back();
      const RankNode& node = node_of(at.node);
      Before& before = before_[feature_of(node)];
      if (at.stage == 2) {
        distinct_ -= at.before.node < 0;
        step(at.number, 1);
        before = at.before;
        open_.pop_back();
        continue;
      }
      if (at.stage == 0) enter(at, node, before);
      before = {at.number, at.stage == 0};
      const std::int32_t child = at.stage == 0 ? node.left : node.right;
      const Open next{child, at.depth + 1, child_place(at.depth, at.stage), 0, 0, {}};
      ++at.stage;
      if (child >= 0) open_.push_back(next);
    }
  }

  static std::int32_t child_place(std::uint32_t depth, std::uint32_t side) {
    return static_cast<std::int32_t>(2 * (depth + 1) + side);
  }

  void enter(Open& at, const RankNode& node, const Before& before) {
    at.before = before;
    at.number = static_cast<std::int32_t>(plan_.nodes_.size() - first_);
    distinct_ += before.node < 0;
    most_distinct_ = std::max(most_distinct_, distinct_);
    most_depth_ = std::max<std::size_t>(most_depth_, at.depth);
    const double left = cover_of(node.left);
    const double right = cover_of(node.right);
    const double share = left + right > 0 ? right / (left + right) : 0.5;
    double weight = 1;
    if (before.node >= 0) {
      const ShapNode& earlier = plan_.nodes_[first_ + static_cast<std::size_t>(before.node)];
      weight = before.is_left ? -earlier.gain[kShapRight] : earlier.gain[kShapLeft];
      later_.push_back({at.number, weight});
    }
    const auto child = [&](std::int32_t of, std::uint32_t side) {
      return of < 0 ? of : child_place(at.depth, side);
    };
    ShapNode& made = plan_.nodes_.emplace_back();
    made.share = share;
    made.gain[kShapLeft] = weight * share;
    made.gain[kShapRight] = -(weight * (1 - share));
    made.feature = feature_of(node);
    made.place = at.place;
    made.left = child(node.left, 0);
    made.right = child(node.right, 1);
    made.left_slot = tree_->nodes + static_cast<std::uint32_t>(~node.left);
    made.right_slot = tree_->nodes + static_cast<std::uint32_t>(~node.right);
    made.is_later = before.node >= 0;
    if (open_.size() > 1) {
      const Open& parent = open_[open_.size() - 2];
      ShapNode& above = plan_.nodes_[first_ + static_cast<std::size_t>(parent.number)];
      (parent.stage == 1 ? above.left_slot : above.right_slot) =
          static_cast<std::uint32_t>(at.number);
    }
    const CutTable& table = forest_.tables[forest_.slots[node.slot].table];
    const std::uint8_t way = before.is_left ? kShapLeft : kShapRight;
    plan_.tests_.push_back({.slot = node.slot,
                            .test = node.test,
                            .earlier = static_cast<std::uint32_t>(std::max(before.node, 0)),
                            .way = before.node < 0 ? kShapAstray : way,
                            .is_category = table.kind == FeatureKind::kCategory});
    step(at.number, 0);
  }

  void step(std::int32_t number, std::uint32_t up) {
    plan_.steps_.push_back(2 * static_cast<std::uint32_t>(number) + up);
  }

  void finish() {
    const std::size_t points = std::max<std::size_t>((most_distinct_ + 1) / 2, 1);
    const std::size_t places = 2 * most_depth_ + 2;
    if (most_distinct_ > kMostPathFeatures) {
      throw unsupported("explain: tree ", number_, " asks for ", most_distinct_,
                        " features on one path; ", kMostPathFeatures, " at most");
    }
    const std::size_t work = shap_block_work(places, points);
    if (work > kMostShapWork) {
      throw resource_exhausted("explain: tree ", number_, " of depth ", most_depth_ + 1, " with ",
                               most_distinct_, " features on a path takes ", work, " numbers; ",
                               kMostShapWork, " at most");
    }
    plan_.most_work_ = std::max(plan_.most_work_, work);
    plan_.most_row_work_ = std::max(plan_.most_row_work_, shap_row_work(tree_->nodes, points));
    plan_.most_nodes_ = std::max<std::size_t>(plan_.most_nodes_, tree_->nodes);
    turn_steps();
    const Rule& rule = rule_of(points);
    plan_.parts_.push_back({plan_.inverses_.size(), static_cast<std::uint32_t>(points)});
    add_inverses(rule);
    add_means();
  }

  // The walk from its end to its start is one to the right child first. Down to leaves there is
  // nothing to do.
  void turn_steps() {
    const auto begin = plan_.steps_.begin() + static_cast<std::ptrdiff_t>(plan_.first_step_.back());
    std::reverse(begin, plan_.steps_.end());
    for (auto step = begin; step != plan_.steps_.end(); ++step) *step ^= 1;
    const auto goes_nowhere = [&](std::uint32_t step) {
      const ShapNode& node = plan_.nodes_[first_ + step / 2];
      return step % 2 == 0 && node.left < 0 && node.right < 0;
    };
    plan_.steps_.erase(std::remove_if(begin, plan_.steps_.end(), goes_nowhere), plan_.steps_.end());
    plan_.first_step_.push_back(plan_.steps_.size());
  }

  void add_inverses(const Rule& rule) {
    const std::size_t points = rule.at.size();
    plan_.inverses_.insert(plan_.inverses_.end(), points, 1);  // of nodes without one before
    auto at = static_cast<std::uint32_t>(points);
    if (plan_.inverses_.size() + later_.size() * points > kMostInverses) {
      throw resource_exhausted("explain: the tables of trees 0 to ", number_, " exceed ",
                               kMostInverses, " numbers");
    }
    for (const Later& later : later_) {
      plan_.nodes_[first_ + static_cast<std::size_t>(later.node)].inverse = at;
      at += static_cast<std::uint32_t>(points);
      for (std::size_t k = 0; k < points; ++k) {
        plan_.inverses_.push_back(1 / (rule.beside[k] * later.weight + rule.at[k]));
      }
    }
  }

  const Rule& rule_of(std::size_t points) {
    if (plan_.rules_.size() <= points) plan_.rules_.resize(points + 1);
    Rule& rule = plan_.rules_[points];
    if (!rule.at.empty()) return rule;
    const Quadrature exact = gauss_legendre(points);
    rule.at = exact.at;
    rule.weight = exact.weight;
    rule.at.resize(padded_points(points), 0.5);
    rule.weight.resize(padded_points(points), 0);
    for (const double t : rule.at) rule.beside.push_back(1 - t);
    return rule;
  }

  // The mean of a node's leaves, by the shares, from the leaves up.
  void add_means() {
    const std::size_t width = forest_.leaf_width;
    const auto leaf = [&](std::int32_t child, std::size_t k) {
      return forest_.leaves[(tree_->first_leaf + static_cast<std::size_t>(~child)) * width + k];
    };
    for (std::size_t k = 0; k < width; ++k) {
      std::vector<double> mean(2 * most_depth_ + 2);
      if (tree_->nodes == 0) mean[0] = leaf(~0, k);
      for (std::size_t i = plan_.nodes_.size(); i-- > first_;) {
        const ShapNode& node = plan_.nodes_[i];
        const auto of = [&](std::int32_t child) {
          return child < 0 ? leaf(child, k) : mean[static_cast<std::size_t>(child)];
        };
        const double left = of(node.left);
        mean[static_cast<std::size_t>(node.place)] = left - node.share * (left - of(node.right));
      }
      plan_.means_[tree_->output + k] += mean[0];
    }
  }

  struct Later {
    std::int32_t node;
    double weight;  // of the path, for the node's feature
  };

  ExplainPlan& plan_;
  const RankedForest& forest_;
  std::vector<Before> before_;  // of each feature
  std::vector<Open> open_;
  std::vector<Later> later_;
  const RankTree* tree_ = nullptr;
  TreeCovers covers_;
  std::size_t number_ = 0;
  std::size_t first_ = 0;  // node in the plan
  std::size_t most_depth_ = 0;
  std::size_t distinct_ = 0;
  std::size_t most_distinct_ = 0;
};

ExplainPlan::ExplainPlan(const RankedForest& forest) : forest_(forest), means_(forest.outputs) {
  refuse_unexplained(forest);
  parts_.reserve(forest.trees.size());
  nodes_.reserve(forest.nodes.size());
  tests_.reserve(forest.nodes.size());
  first_step_.push_back(0);
  Builder builder(*this);
  for (std::size_t i = 0; i < forest.trees.size(); ++i) builder.add(i);
}

ShapTree ExplainPlan::tree(std::size_t number, std::size_t column) const noexcept {
  const RankTree& tree = forest_.trees[number];
  const Part& part = parts_[number];
  const Rule& rule = rules_[part.points];
  const std::uint64_t first = first_step_[number];
  return {std::span(tests_).subspan(tree.first_node, tree.nodes),
          nodes_.data() + tree.first_node,
          std::span(steps_).subspan(first, first_step_[number + 1] - first),
          inverses_.data() + part.first_inverse,
          {part.points, rule.at.data(), rule.beside.data(), rule.weight.data()},
          forest_.leaves.data() + tree.first_leaf * forest_.leaf_width + column,
          forest_.leaf_width,
          forest_.bits.data()};
}

}  // namespace kedge
