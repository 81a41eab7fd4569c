// The tests of laid-out nodes, and the smallest nodes and codes that hold a forest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/quantize.h"
#include "kedge/score/tree_node.h"

namespace kedge {

// Of a forest without categories.
class NumberTests {
 public:
  using Test = Exceeds;
  explicit NumberTests(const RankedForest&) {}
  Test test() const noexcept { return {}; }
  std::uint32_t leaf_test(std::uint32_t most_code) const noexcept { return most_code; }
  std::uint32_t test_of(const RankNode& node) const noexcept { return node.test; }
};

// Of any forest. A number's bits are a window on a string of zeros and ones that all numbers share:
// it begins so far before the ones as its test says.
class BitTests {
 public:
  using Test = BitAt;
  explicit BitTests(const RankedForest& forest) {
    std::uint32_t most = 0;
    for (const Slot& slot : forest.slots) {
      const CutTable& table = forest.tables[slot.table];
      is_category_.push_back(table.kind == FeatureKind::kCategory);
      most = std::max(most, most_code(table));
    }
    zeros_ = (most / 32 + 1) * 32;
    words_.assign(zeros_ / 32, 0);
    words_.resize(2 * words_.size(), ~0u);
    sets_ = static_cast<std::uint32_t>(32 * words_.size());
    words_.insert(words_.end(), forest.bits.begin(), forest.bits.end());
  }
  // Points into this object.
  Test test() const noexcept { return {words_.data()}; }
  std::span<const std::uint32_t> words() const noexcept { return words_; }
  std::uint32_t leaf_test(std::uint32_t) const noexcept { return 0; }
  std::uint32_t test_of(const RankNode& node) const noexcept {
    return is_category_[node.slot] ? sets_ + 32 * node.test : zeros_ - 1 - node.test;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::vector<bool> is_category_;
  std::uint32_t zeros_ = 0;
  std::uint32_t sets_ = 0;
};

// make.operator()<Node, Code, Tests>(forest), with the smallest that hold it.
template <class Make>
auto with_narrowest(const RankedForest& forest, const Make& make) {
  std::uint32_t most = 0;
  std::uint32_t tree_nodes = 0;
  for (const CutTable& table : forest.tables) most = std::max(most, most_code(table));
  for (const RankTree& tree : forest.trees) tree_nodes = std::max(tree_nodes, tree.nodes);
  const bool has_categories = !forest.bits.empty();
  const bool is_small = 2 * std::uint64_t{tree_nodes} + 1 <= 0xffff;
  const auto with_tests = [&]<class Node, class Code>() {
    if (has_categories) return make.template operator()<Node, Code, BitTests>(forest);
    return make.template operator()<Node, Code, NumberTests>(forest);
  };
  if (is_small && most <= 0xff && !has_categories && forest.slots.size() <= 0x100) {
    return make.template operator()<ByteNode, std::uint8_t, NumberTests>(forest);
  }
  if (is_small && most <= 0xff && forest.slots.size() <= 0x10000) {
    return with_tests.template operator()<WordNode, std::uint8_t>();
  }
  if (is_small && most <= 0xffff && forest.slots.size() <= 0x10000) {
    return with_tests.template operator()<WordNode, std::uint16_t>();
  }
  return with_tests.template operator()<WideNode, std::uint32_t>();
}

}  // namespace kedge
