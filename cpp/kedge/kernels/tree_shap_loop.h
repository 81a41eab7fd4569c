// The loops of tree_shap. Included where KEDGE_TARGET says for which instruction set, inside the
// file's own namespace, after
//     Lanes, kLanes            so many rows' numbers, as many as a register has
//     Pick                     which of them
//     pick(bits)               those whose bit is set, from the lowest on
//     select(pick, a, b)       a where it is set, b elsewhere
//     only(pick, x)            x where it is set, 0 elsewhere
//     every(x)                 x in each
//     right_of(codes, test)    of kBlockRows codes, a bit for each that exceeds the test
//
// A number is made by the same operations in the same order in a block and in a row, so that both
// give the same bits: four sums over the places, every fourth one's each, are added at the end.

#define KEDGE_INLINE __attribute__((always_inline)) inline

KEDGE_TARGET inline bool in_bits(const std::uint32_t* bits, std::uint32_t test,
                                 std::uint32_t code) {
  return (bits[test + code / 32] >> (code % 32) & 1) != 0;
}

KEDGE_TARGET void ask_block(const ShapTree& tree, const std::uint32_t* codes, std::uint64_t* right,
                            std::uint64_t* there) {
  for (std::size_t i = 0; i < tree.tests.size(); ++i) {
    const ShapTest& test = tree.tests.data()[i];
    const std::uint32_t* code = codes + std::size_t{test.slot} * kBlockRows;
    std::uint64_t set = 0;
    if (test.is_category) {
      for (std::size_t j = 0; j < kBlockRows; ++j) {
        set |= std::uint64_t{in_bits(tree.bits, test.test, code[j])} << j;
      }
    } else {
      set = right_of(code, test.test);
    }
    right[i] = set;
    there[i] = ~std::uint64_t{0};
    if (test.way == kShapAstray) continue;
    const std::uint64_t turned = test.way == kShapLeft ? ~std::uint64_t{0} : 0;
    there[i] = there[test.earlier] & (right[test.earlier] ^ turned);
  }
}

// Rows of a block, as many as a vector has, in one tree. All that a step reads is at hand: what it
// writes might be anything, as far as a compiler can tell.
template <int kPoints>
struct LaneWork {
  KEDGE_TARGET LaneWork(const ShapTree& tree, double* work)
      : points(kPoints > 0 ? std::size_t{kPoints} : padded_points(tree.rule.points)),
        at(tree.rule.at),
        beside(tree.rule.beside),
        inverses(tree.inverses),
        leaves(tree.leaves),
        leaf_width(tree.leaf_width),
        work(reinterpret_cast<Lanes*>(work)) {}

  KEDGE_TARGET KEDGE_INLINE Lanes* reach(std::int32_t place) const {
    return work + 2 * static_cast<std::size_t>(place) * count();
  }
  KEDGE_TARGET KEDGE_INLINE Lanes* mean(std::int32_t place) const { return reach(place) + count(); }
  KEDGE_TARGET KEDGE_INLINE double leaf(std::int32_t child) const {
    return child < 0 ? leaves[static_cast<std::size_t>(~child) * leaf_width] : 0.0;
  }
  KEDGE_TARGET KEDGE_INLINE std::size_t count() const {
    return kPoints > 0 ? std::size_t{kPoints} : points;
  }

  const std::size_t points;
  const double* const at;
  const double* const beside;
  const double* const inverses;
  const double* const leaves;
  const std::size_t leaf_width;
  Lanes* const work;
};

// One node for these rows.
template <bool kIsLater>
struct LaneMove {
  KEDGE_TARGET KEDGE_INLINE LaneMove(const ShapNode& node, const double* inverses, Pick right,
                                     Pick there)
      : right_weight(every(node.gain[kShapLeft])),
        share(every(node.share)),
        inverses(inverses + node.inverse),
        right(right),
        there(there) {}

  KEDGE_TARGET KEDGE_INLINE Lanes inverse(std::size_t k) const { return every(inverses[k]); }
  KEDGE_TARGET KEDGE_INLINE Lanes operator()(double at, double beside, std::size_t k) const {
    Lanes move = every(beside) * right_weight + only(right, at);
    if constexpr (kIsLater) move = select(there, move * inverse(k), share);
    return move;
  }

  const Lanes right_weight;
  const Lanes share;
  const double* const inverses;
  const Pick right;
  const Pick there;
};

template <int kPoints, bool kIsLater>
KEDGE_TARGET KEDGE_INLINE void down_lanes(const LaneWork<kPoints>& tree, const ShapNode& node,
                                          Pick right, Pick there) {
  const LaneMove<kIsLater> move(node, tree.inverses, right, there);
  const Lanes* reach = tree.reach(node.place);
  Lanes* to_left = tree.reach(node.left < 0 ? node.right ^ 1 : node.left);
  Lanes* to_right = tree.reach(node.right < 0 ? node.left ^ 1 : node.right);
  for (std::size_t k = 0; k < tree.count(); ++k) {
    const Lanes all = reach[k];
    const Lanes moved = all * move(tree.at[k], tree.beside[k], k);
    to_right[k] = moved;
    to_left[k] = all - moved;
  }
}

template <int kPoints, bool kIsLater>
KEDGE_TARGET KEDGE_INLINE void up_lanes(const LaneWork<kPoints>& tree, const ShapNode& node,
                                        Pick right, Pick there, double* phi) {
  const LaneMove<kIsLater> move(node, tree.inverses, right, there);
  const Lanes left_leaf = every(tree.leaf(node.left));
  const Lanes right_leaf = every(tree.leaf(node.right));
  const Lanes* left = node.left < 0 ? &left_leaf : tree.mean(node.left);
  const Lanes* of_right = node.right < 0 ? &right_leaf : tree.mean(node.right);
  const std::size_t left_step = node.left < 0 ? 0 : 1;
  const std::size_t right_step = node.right < 0 ? 0 : 1;
  const Lanes* reach = tree.reach(node.place);
  Lanes* mean = tree.mean(node.place);
  Lanes sums[4] = {};
  for (std::size_t first = 0; first < tree.count(); first += 4) {
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t k = first + j;
      if (kPoints > 0 && k >= tree.count()) break;
      const Lanes from = left[k * left_step];
      const Lanes gap = from - of_right[k * right_step];
      mean[k] = from - move(tree.at[k], tree.beside[k], k) * gap;
      Lanes part = reach[k] * gap;
      if constexpr (kIsLater) part = part * move.inverse(k) * move.inverse(k);
      sums[j] += part;
    }
  }
  Lanes gain = select(right, every(node.gain[kShapRight]), every(node.gain[kShapLeft]));
  if constexpr (kIsLater) gain = select(there, gain, every(0));
  auto* out = reinterpret_cast<Lanes*>(phi + std::size_t{node.feature} * kBlockRows);
  *out += gain * ((sums[0] + sums[2]) + (sums[1] + sums[3]));
}

template <int kPoints>
KEDGE_TARGET void walk_lanes(const ShapTree& tree, std::size_t rows, const std::uint64_t* right,
                             const std::uint64_t* there, double* work, double* phi) {
  const LaneWork<kPoints> lanes(tree, work);
  const ShapNode* const nodes = tree.nodes;
  const std::uint32_t* const end = tree.steps.data() + tree.steps.size();
  for (std::size_t row = 0; row < rows; row += kLanes) {
    for (std::size_t k = 0; k < lanes.count(); ++k) lanes.work[k] = every(tree.rule.weight[k]);
    for (const std::uint32_t* step = tree.steps.data(); step != end; ++step) {
      const std::uint32_t number = *step >> 1;
      const ShapNode& node = nodes[number];
      const Pick is_right = pick(right[number] >> row);
      if ((*step & 1) == 0) {
        if (node.is_later) {
          down_lanes<kPoints, true>(lanes, node, is_right, pick(there[number] >> row));
        } else {
          down_lanes<kPoints, false>(lanes, node, is_right, is_right);
        }
      } else if (node.is_later) {
        up_lanes<kPoints, true>(lanes, node, is_right, pick(there[number] >> row), phi + row);
      } else {
        up_lanes<kPoints, false>(lanes, node, is_right, is_right, phi + row);
      }
    }
  }
}

KEDGE_TARGET void explain_block(const ShapTree& tree, std::size_t rows, const std::uint64_t* right,
                                const std::uint64_t* there, double* work, double* phi) {
  using Walk = void (*)(const ShapTree&, std::size_t, const std::uint64_t*, const std::uint64_t*,
                        double*, double*);
  static constexpr Walk kWalks[] = {walk_lanes<0>, walk_lanes<1>, walk_lanes<2>,
                                    walk_lanes<3>, walk_lanes<4>, walk_lanes<5>,
                                    walk_lanes<6>, walk_lanes<7>, walk_lanes<8>};
  kWalks[tree.rule.points > 8 ? 0 : tree.rule.points](tree, rows, right, there, work, phi);
}
