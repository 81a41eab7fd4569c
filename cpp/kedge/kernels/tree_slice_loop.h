// The loop of tree_slice for machines without mask registers: a mask is a byte for each row, and
// compilers make vectors of it. Included where KEDGE_TARGET says for which instruction set, inside
// the file's own namespace, after a function `look_up`.

using RowBytes = std::uint8_t[kBlockRows];

KEDGE_TARGET inline void leaves_of(const SliceNode* nodes, std::size_t length,
                                   const std::uint8_t* codes, RowBytes& leaf) {
  alignas(64) RowBytes reach[kMostSliceLeaves];
  for (std::size_t j = 0; j < kBlockRows; ++j) {
    reach[0][j] = 0xff;
    leaf[j] = 0;
  }
  for (std::size_t i = 0; i < length; ++i) {
    const SliceNode node = nodes[i];
    const std::uint8_t* code = codes + std::size_t{node.slot} * kBlockRows;
    const std::uint8_t* here = reach[i];
    alignas(64) RowBytes right;
    alignas(64) RowBytes left;
    for (std::size_t j = 0; j < kBlockRows; ++j) {
      right[j] = static_cast<std::uint8_t>(code[j] > node.test ? here[j] : 0);
      left[j] = here[j] ^ right[j];
      leaf[j] = static_cast<std::uint8_t>(leaf[j] + (right[j] & node.left_leaves));
    }
    __builtin_memcpy(reach[node.left], left, sizeof left);
    __builtin_memcpy(reach[node.right], right, sizeof right);
  }
}

template <class Sum>
KEDGE_TARGET void add_trees(const SlicePlan<Sum>& plan, std::uint8_t* codes, Sum* sums) {
  for (const SliceTree& tree : plan.trees) {
    for (std::size_t i = 0; i < tree.sets; ++i) {
      const SliceSet& set = plan.sets[tree.first_set + i];
      look_up(set, codes + std::size_t{set.high} * kBlockRows,
              codes + std::size_t{set.low} * kBlockRows, codes + std::size_t{set.out} * kBlockRows);
    }
    alignas(64) RowBytes leaf;
    leaves_of(plan.nodes + tree.first_node, tree.nodes, codes, leaf);
    const Sum* values = plan.values + tree.first_value;
    Sum* out = sums + std::size_t{tree.output} * kBlockRows;
    for (std::size_t j = 0; j < kBlockRows; ++j) out[j] += values[leaf[j]];
  }
}
