// The loops of tree_shap for one row: the places of quadrature lie side by side in a vector, and
// the same is done at every node, without a branch. Included after tree_shap_loop.h, in the same
// way, and after
//     Pack           four places' numbers, or two, side by side
//     total(packs)   the sum of four sums, in the order of a block

KEDGE_TARGET inline void ask_row(const ShapTree& tree, const std::uint32_t* codes,
                                 std::uint8_t* sides) {
  const ShapTest* const tests = tree.tests.data();
  const std::size_t count = tree.tests.size();
  const std::uint32_t* const bits = tree.bits;
  for (std::size_t i = 0; i < count; ++i) {
    const ShapTest test = tests[i];
    const std::uint32_t code = codes[test.slot];
    const bool is_right = test.is_category ? in_bits(bits, test.test, code) : code > test.test;
    const std::uint32_t astray =
        (test.way != kShapAstray ? 1u : 0u) & (sides[test.earlier] != test.way ? 1u : 0u);
    sides[i] = static_cast<std::uint8_t>(((is_right ? 1u : 0u) & (astray ^ 1)) | 2 * astray);
  }
}

// By the side: what is not wanted is 0, and adds nothing.
inline constexpr double kIsThere[] = {1, 1, 0};
inline constexpr double kIsRight[] = {0, 1, 0};
inline constexpr double kIsAstray[] = {0, 0, 1};

// x in each; a 0 that is subtracted changes nothing, not even -0.0.
KEDGE_TARGET KEDGE_INLINE Pack in_each(double x) { return x - Pack{}; }

// A row in one tree: kPacks packs of places; 0: as many as there are. Slots are numbers of nodes;
// behind them the leaves have theirs.
template <int kPacks>
struct PackWork {
  KEDGE_TARGET PackWork(const ShapTree& tree, const std::uint8_t* sides, double* work)
      : packs(kPacks > 0 ? std::size_t{kPacks}
                         : padded_points(tree.rule.points) * sizeof(double) / sizeof(Pack)),
        nodes(tree.nodes),
        nodes_count(tree.tests.size()),
        inverses(tree.inverses),
        sides(sides),
        reach(reinterpret_cast<Pack*>(work)),
        mean(reach + (2 * nodes_count + 1) * packs),
        moves(mean + (2 * nodes_count + 1) * packs) {}

  KEDGE_TARGET KEDGE_INLINE std::size_t count() const {
    return kPacks > 0 ? std::size_t{kPacks} : packs;
  }
  KEDGE_TARGET KEDGE_INLINE const Pack* inverse(const ShapNode& node) const {
    return reinterpret_cast<const Pack*>(inverses + node.inverse);
  }

  const std::size_t packs;
  const ShapNode* const nodes;
  const std::size_t nodes_count;
  const double* const inverses;
  const std::uint8_t* const sides;
  Pack* const reach;
  Pack* const mean;
  Pack* const moves;
};

template <int kPacks>
KEDGE_TARGET KEDGE_INLINE void start_packs(const PackWork<kPacks>& row, const ShapTree& tree) {
  const Pack* const weights = reinterpret_cast<const Pack*>(tree.rule.weight);
  for (std::size_t k = 0; k < row.count(); ++k) row.reach[k] = weights[k];
  const double* leaf = tree.leaves;
  const std::size_t leaf_width = tree.leaf_width;
  Pack* out = row.mean + row.nodes_count * row.count();
  for (std::size_t i = 0; i <= row.nodes_count; ++i, leaf += leaf_width) {
    for (std::size_t k = 0; k < row.count(); ++k) *out++ = in_each(*leaf);
  }
}

template <int kPacks>
KEDGE_TARGET KEDGE_INLINE void down_packs(const PackWork<kPacks>& row, const ShapRule& rule) {
  const Pack* const beside = reinterpret_cast<const Pack*>(rule.beside);
  const Pack* const at = reinterpret_cast<const Pack*>(rule.at);
  for (std::size_t i = 0; i < row.nodes_count; ++i) {
    const ShapNode& node = row.nodes[i];
    const std::uint8_t side = row.sides[i];
    const Pack weight = in_each(node.gain[kShapLeft] * kIsThere[side]);
    const Pack taken = in_each(kIsRight[side]);
    const Pack share = in_each(node.share * kIsAstray[side]);
    const Pack* const inverse = row.inverse(node);
    Pack* const to_left = row.reach + node.left_slot * row.count();
    Pack* const to_right = row.reach + node.right_slot * row.count();
    for (std::size_t k = 0; k < row.count(); ++k) {
      const Pack move = (beside[k] * weight + at[k] * taken) * inverse[k] + share;
      const Pack all = row.reach[i * row.count() + k];
      const Pack moved = all * move;
      row.moves[i * row.count() + k] = move;
      to_right[k] = moved;
      to_left[k] = all - moved;
    }
  }
}

template <int kPacks>
KEDGE_TARGET KEDGE_INLINE void up_packs(const PackWork<kPacks>& row, double* phi) {
  constexpr std::size_t kSums = 4 * sizeof(double) / sizeof(Pack);
  for (std::size_t i = row.nodes_count; i-- > 0;) {
    const ShapNode& node = row.nodes[i];
    const Pack* const inverse = row.inverse(node);
    const Pack* const left = row.mean + node.left_slot * row.count();
    const Pack* const right = row.mean + node.right_slot * row.count();
    const std::size_t own = i * row.count();
    Pack sums[kSums] = {};
    for (std::size_t k = 0; k < row.count(); ++k) {
      const Pack from = left[k];
      const Pack gap = from - right[k];
      row.mean[own + k] = from - row.moves[own + k] * gap;
      sums[k % kSums] += row.reach[own + k] * gap * inverse[k] * inverse[k];
    }
    phi[node.feature] += node.gain[row.sides[i]] * total(sums);
  }
}

template <int kPacks>
KEDGE_TARGET void walk_packs(const ShapTree& tree, const std::uint8_t* sides, double* work,
                             double* phi) {
  const PackWork<kPacks> row(tree, sides, work);
  start_packs(row, tree);
  down_packs(row, tree.rule);
  up_packs(row, phi);
}

KEDGE_TARGET void explain_row(const ShapTree& tree, const std::uint32_t* codes, std::uint8_t* sides,
                              double* work, double* phi) {
  ask_row(tree, codes, sides);
  constexpr int kFour = static_cast<int>(4 * sizeof(double) / sizeof(Pack));
  const std::size_t fours = padded_points(tree.rule.points) / 4;
  if (fours == 1) return walk_packs<kFour>(tree, sides, work, phi);
  if (fours == 2) return walk_packs<2 * kFour>(tree, sides, work, phi);
  walk_packs<0>(tree, sides, work, phi);
}
