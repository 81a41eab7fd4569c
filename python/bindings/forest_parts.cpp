#include "forest_parts.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/model/covers.h"
#include "kedge/model/node_order.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

template <class Number>
using Numbers = nb::ndarray<const Number, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Link link_of(std::string_view name) {
  constexpr std::pair<std::string_view, Link> kLinks[] = {
      {"identity", Link::kIdentity},        {"sigmoid", Link::kSigmoid},
      {"softmax", Link::kSoftmax},          {"exp", Link::kExp},
      {"halved_power", Link::kHalvedPower},
  };
  const auto* found = std::ranges::find(kLinks, name, &std::pair<std::string_view, Link>::first);
  if (found == std::end(kLinks)) throw invalid_argument("link \"", name, "\"");
  return found->second;
}

Test test_of(std::uint8_t number) {
  if (number > static_cast<std::uint8_t>(Test::kNotInSet)) {
    throw invalid_argument("test ", std::uint32_t{number}, ", 0 to 3 are known");
  }
  return static_cast<Test>(number);
}

// One number for each node of all trees, one after the other; leaves stand among the nodes.
struct Nodes {
  Numbers<std::int32_t> left;
  Numbers<std::int32_t> right;
  Numbers<std::uint32_t> feature;
  Numbers<double> threshold;
  Numbers<std::uint8_t> missing_left;
  Numbers<std::uint8_t> test;
  Numbers<std::uint32_t> set;
  Table values;
  Numbers<double> covers;

  void check_sizes(const Numbers<std::uint32_t>& tree_sizes) const {
    const std::size_t nodes = left.size();
    std::size_t told = 0;
    for (std::size_t i = 0; i < tree_sizes.size(); ++i) told += tree_sizes.data()[i];
    for (const std::size_t size :
         {told, right.size(), feature.size(), threshold.size(), missing_left.size(), test.size(),
          set.size(), static_cast<std::size_t>(values.shape(0)), covers.size()}) {
      if (size != nodes) throw invalid_argument(size, " values for ", nodes, " nodes");
    }
  }

  Tree tree(std::size_t first, std::size_t size, std::size_t number) const {
    std::vector<TreeNode> list(size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = first + i;
      list[i] = {.test = test_of(test.data()[at]),
                 .missing = Missing::kNan,
                 .missing_left = missing_left.data()[at] != 0,
                 .feature = feature.data()[at],
                 .threshold = threshold.data()[at],
                 .set = set.data()[at],
                 .left = left.data()[at],
                 .right = right.data()[at]};
    }
    Tree tree = tree_of_list(list, number);
    const std::size_t width = values.shape(1);
    for (std::size_t i = 0; i < size; ++i) {
      if (list[i].left != kListedLeaf) continue;
      const double* leaf = values.data() + (first + i) * width;
      tree.leaves.insert(tree.leaves.end(), leaf, leaf + width);
      tree.leaf_covers.push_back(covers.data()[first + i]);
    }
    return tree;
  }
};

std::vector<Tree> trees_of(const Nodes& nodes, const Numbers<std::uint32_t>& sizes,
                           const Numbers<std::uint32_t>& outputs) {
  nodes.check_sizes(sizes);
  if (outputs.size() != sizes.size()) {
    throw invalid_argument(outputs.size(), " outputs of ", sizes.size(), " trees");
  }
  std::vector<Tree> trees;
  std::size_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::size_t size = sizes.data()[i];
    trees.push_back(nodes.tree(first, size, i));
    trees.back().output = outputs.data()[i];
    first += size;
  }
  return trees;
}

Forest from_parts(std::string origin, const std::vector<std::string>& features,
                  const std::map<std::uint32_t, std::vector<std::string>>& categories,
                  const Numbers<std::uint32_t>& tree_sizes,
                  const Numbers<std::uint32_t>& tree_outputs, Numbers<std::int32_t> left,
                  Numbers<std::int32_t> right, Numbers<std::uint32_t> feature,
                  Numbers<double> threshold, Numbers<std::uint8_t> missing_left,
                  Numbers<std::uint8_t> test, Numbers<std::uint32_t> set, Table values,
                  Numbers<double> covers, std::vector<std::vector<std::uint32_t>> sets,
                  std::vector<double> start, double divisor, bool reads_float32,
                  std::string_view link, double link_scale) {
  Forest forest;
  forest.origin = std::move(origin);
  for (const std::string& name : features) {
    forest.features.push_back({name, FeatureKind::kNumber, {}});
  }
  for (const auto& [i, names] : categories) {
    if (i >= features.size()) throw invalid_argument("feature ", i, " of ", features.size());
    forest.features[i].kind = FeatureKind::kCategory;
    forest.features[i].categories = names;
  }
  forest.sets = std::move(sets);
  forest.category_rule = CategoryRule::kWhole;
  forest.outputs = static_cast<std::uint32_t>(start.size());
  forest.leaf_width = static_cast<std::uint32_t>(values.shape(1));
  forest.bias.resize(start.size());
  forest.start = std::move(start);
  forest.divisor = divisor;
  forest.reads_float32 = reads_float32;
  forest.link = link_of(link);
  forest.link_scale = link_scale;

  forest.trees =
      trees_of({left, right, feature, threshold, missing_left, test, set, values, covers},
               tree_sizes, tree_outputs);
  finish_covers(forest);
  check(forest);
  return forest;
}

}  // namespace

void bind_forest_parts(nb::class_<Forest>& bound) {
  bound.def_static("from_parts", &from_parts, nb::kw_only(), "origin"_a, "features"_a,
                   "categories"_a, "tree_sizes"_a, "tree_outputs"_a, "left"_a, "right"_a,
                   "feature"_a, "threshold"_a, "missing_left"_a, "test"_a, "set"_a, "values"_a,
                   "covers"_a, "sets"_a, "start"_a, "divisor"_a, "reads_float32"_a, "link"_a,
                   "link_scale"_a,
                   "Makes a forest of arrays over the nodes of all trees; a leaf's left is -1.");
}

}  // namespace kedge
