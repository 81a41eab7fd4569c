// The nodes that walks step through, the step, and how sums end. Needs no library: boards without
// one include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kedge {

// From a node to its left child are `ahead` nodes, to its right child one more. A leaf has none
// ahead and a test that sends no code to the right.
struct ByteNode {
  using Short = std::uint8_t;
  using Distance = std::uint16_t;
  Short test;  // first, where a comparison takes it out of a register's lowest byte
  Short slot;
  Distance ahead;
};
struct WordNode {
  using Short = std::uint16_t;
  using Distance = std::uint16_t;
  std::uint32_t test;
  Short slot;
  Distance ahead;
};
struct WideNode {
  using Short = std::uint32_t;
  using Distance = std::uint32_t;
  std::uint32_t test;
  Short slot;
  Distance ahead;
};

struct LaidOutTree {
  std::uint32_t root;
  std::uint32_t depth;  // steps from the root to the deepest leaf
};

// A test against a number: the code exceeds it.
struct Exceeds {
  std::uint32_t operator()(std::uint32_t code, std::uint32_t test) const noexcept {
    return code > test ? 1 : 0;
  }
};

// A test against any set of codes: the bit at test + code.
struct BitAt {
  const std::uint32_t* words;
  std::uint32_t operator()(std::uint32_t code, std::uint32_t test) const noexcept {
    const std::uint32_t bit = test + code;
    return words[bit / 32] >> (bit % 32) & 1;
  }
};

// One step: how many nodes ahead of `node` the walk goes on with this code.
template <class Node, class Test>
inline std::size_t step_of(const Node& node, std::uint32_t code, const Test& test) noexcept {
  return node.ahead + test(code, node.test);
}

// What becomes of a sum when all trees are in; a bias of -0.0 adds nothing.
template <class Sum>
struct SumEnding {
  Sum divisor;
  Sum scale;
  Sum operator()(Sum sum, Sum bias) const noexcept {
    const Sum mean = sum / divisor;
    return mean * scale + bias;
  }
};

}  // namespace kedge
