#include "kedge/model/xgboost_tree.h"

#include <algorithm>

namespace kedge {
namespace {

constexpr std::int64_t kLeaf = -1;
// XGBoost takes categories from here on for invalid: floats have no more whole numbers side by
// side.
constexpr std::int64_t kCategoryEnd = 1 << 24;

class XgboostTree {
 public:
  XgboostTree(const Value& file, float weight, Forest& forest)
      : file_(file),
        weight_(weight),
        forest_(forest),
        left_(integers("left_children", 0)),
        right_(integers("right_children", left_.size())),
        feature_(integers("split_indices", left_.size())),
        default_left_(integers("default_left", left_.size())),
        condition_(file.at("split_conditions").numbers()) {
    if (left_.empty()) file.refuse("a tree without nodes");
    if (condition_.size() != left_.size()) {
      file.refuse(condition_.size(), " split_conditions of ", left_.size(), " nodes");
    }
    if (const auto hessians = file.find("sum_hessian")) {
      cover_ = hessians->numbers();
      if (cover_.size() != left_.size()) {
        file.refuse(cover_.size(), " sum_hessian of ", left_.size(), " nodes");
      }
    }
    read_leaf_vectors();
    read_sets();
  }

  // Nodes are numbered as they are met, level by level: the file may have them in another order,
  // with ones between them that were pruned.
  Tree tree() {
    Tree out;
    std::vector<std::size_t> order;  // the file's number of each node
    std::vector<bool> met(left_.size());
    const auto number = [&](std::size_t from, std::int64_t child) -> std::int32_t {
      const auto at = static_cast<std::size_t>(child);
      if (child < 0 || at >= left_.size() || met[at]) {
        file_.refuse("node ", from, " has child ", child, " of ", left_.size(),
                     " nodes, or another has it too");
      }
      met[at] = true;
      if (left_[at] != kLeaf) {
        order.push_back(at);
        return static_cast<std::int32_t>(order.size() - 1);
      }
      return ~append_leaf(at, out);
    };
    number(0, 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t at = order[i];
      TreeNode node = split(at);
      node.left = number(at, left_[at]);
      node.right = number(at, right_[at]);
      out.nodes.push_back(node);
    }
    return out;
  }

 private:
  // As many as `size`, unless that is zero.
  std::span<const std::int64_t> integers(std::string_view name, std::size_t size) const {
    const auto found = file_.at(name).integers();
    if (size != 0 && found.size() != size) {
      file_.refuse(found.size(), ' ', name, " of ", size, " nodes");
    }
    return found;
  }

  void read_leaf_vectors() {
    width_ = xgboost_count(file_.at("tree_param"), "size_leaf_vector", kMostOutputs);
    if (width_ <= 1) {
      width_ = 1;
      return;
    }
    if (width_ != forest_.outputs) {
      file_.refuse("leaves of ", width_, " values in a model of ", forest_.outputs, " outputs");
    }
    // Before there were leaf weights, a leaf's values were at its node.
    const auto found = file_.find("leaf_weights");
    has_leaf_weights_ = found.has_value();
    vectors_ = found ? found->numbers() : file_.at("base_weights").numbers();
    taken_.resize(vectors_.size() / width_);
  }

  std::int32_t append_leaf(std::size_t at, Tree& out) {
    const auto number = static_cast<std::int32_t>(out.leaves.size() / width_);
    if (!cover_.empty()) out.leaf_covers.push_back(double{static_cast<float>(cover_[at])});
    const auto weighted = [&](double value) { return double{static_cast<float>(value) * weight_}; };
    if (width_ == 1) {
      out.leaves.push_back(weighted(condition_[at]));
      return number;
    }
    const std::int64_t from = has_leaf_weights_ ? right_[at] : static_cast<std::int64_t>(at);
    const auto first = static_cast<std::size_t>(from);
    // Shared leaves could make far more values than the file has.
    if (from < 0 || first >= taken_.size() || taken_[first]) {
      file_.refuse("node ", at, " has leaf ", from, " of ", taken_.size(),
                   ", or another has it too");
    }
    taken_[first] = true;
    for (std::size_t k = 0; k < width_; ++k) {
      out.leaves.push_back(weighted(vectors_[first * width_ + k]));
    }
    return number;
  }

  TreeNode split(std::size_t at) const {
    // XGBoost itself goes to the left child's neighbour. One beyond the nodes is refused as a
    // child.
    if (left_[at] < std::ssize(left_) && right_[at] != left_[at] + 1) {
      file_.refuse("node ", at, " has children ", left_[at], " and ", right_[at],
                   ", which are no neighbours");
    }
    if (feature_[at] < 0 || feature_[at] >= std::ssize(forest_.features)) {
      file_.refuse("node ", at, " splits feature ", feature_[at], " of ", forest_.features.size());
    }
    TreeNode node;
    node.feature = static_cast<std::uint32_t>(feature_[at]);
    node.missing_left = default_left_[at] != 0;
    if (is_set(at)) {
      if (set_[at] == kNoSet) file_.refuse("node ", at, " has no categories");
      node.test = Test::kNotInSet;
      node.set = set_[at];
    } else {
      node.test = Test::kLess;
      node.threshold = double{static_cast<float>(condition_[at])};
    }
    return node;
  }

  bool is_set(std::size_t at) const { return !type_.empty() && type_[at] != 0; }

  void read_sets() {
    if (!file_.find("split_type")) return;
    type_ = integers("split_type", left_.size());
    set_.assign(left_.size(), kNoSet);
    const auto categories = integers("categories", 0);
    const auto nodes = integers("categories_nodes", 0);
    const auto starts = integers("categories_segments", nodes.size());
    const auto sizes = integers("categories_sizes", nodes.size());
    std::size_t end = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i] < 0 || nodes[i] >= std::ssize(left_)) {
        file_.refuse("categories of node ", nodes[i], ", there are ", left_.size());
      }
      const auto start = static_cast<std::size_t>(starts[i]);
      const auto size = static_cast<std::size_t>(sizes[i]);
      // Segments that overlap could make far more of them than the file has.
      if (start != end || size > categories.size() - end) {
        file_.refuse("categories_segments[", i, "] is ", starts[i], " with ", sizes[i],
                     " categories, ", end, " of ", categories.size(), " were taken before");
      }
      end += size;
      set_[static_cast<std::size_t>(nodes[i])] = append_set(categories.subspan(start, size));
    }
  }

  std::uint32_t append_set(std::span<const std::int64_t> categories) {
    std::vector<std::uint32_t> set;
    set.reserve(categories.size());
    for (const std::int64_t category : categories) {
      if (category < 0 || category >= kCategoryEnd) {
        file_.refuse("category ", category, ", ", kCategoryEnd - 1, " is the largest");
      }
      set.push_back(static_cast<std::uint32_t>(category));
    }
    std::ranges::sort(set);
    set.erase(std::ranges::unique(set).begin(), set.end());
    forest_.sets.push_back(std::move(set));
    return static_cast<std::uint32_t>(forest_.sets.size() - 1);
  }

  static constexpr std::uint32_t kNoSet = ~std::uint32_t{0};

  Value file_;
  float weight_;
  Forest& forest_;
  std::span<const std::int64_t> left_;
  std::span<const std::int64_t> right_;
  std::span<const std::int64_t> feature_;
  std::span<const std::int64_t> default_left_;
  std::vector<double> condition_;  // thresholds of splits, values of leaves
  std::vector<double> cover_;      // none in a file without
  std::span<const std::int64_t> type_;
  std::vector<std::uint32_t> set_;  // of each node
  std::size_t width_ = 1;
  bool has_leaf_weights_ = false;
  std::vector<double> vectors_;
  std::vector<bool> taken_;  // which of them are some leaf's
};

}  // namespace

Tree read_xgboost_tree(const Value& file, float weight, std::uint32_t output, Forest& forest) {
  Tree tree = XgboostTree(file, weight, forest).tree();
  tree.output = output;
  return tree;
}

std::uint32_t xgboost_count(const Value& object, std::string_view name, std::uint32_t at_most) {
  const Value value = object.at(name);
  const auto count = number_of<std::uint32_t>(value.text());
  if (!count || *count > at_most) {
    value.refuse("expected a number up to ", at_most, ", got \"", value.text(), '"');
  }
  return *count;
}

}  // namespace kedge
