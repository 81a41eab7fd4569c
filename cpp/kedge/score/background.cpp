#include "kedge/score/background.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "kedge/base/error.h"
#include "kedge/score/scratch.h"

namespace kedge {
namespace {

constexpr std::size_t kMostMissed = std::size_t{1} << 25;  // sets: 512 MB
// What rows miss at the parts of one tree: 128 MB.
constexpr std::size_t kMostWords = std::size_t{1} << 24;
// Rows that share what a leaf gives, so long as what they miss stays in a cache.
constexpr std::size_t kMostBlocks = 8;
constexpr std::size_t kMostBlockWords = std::size_t{1} << 17;
constexpr std::size_t kLeastBlockRows = 8;  // fewer are explained one by one
constexpr std::size_t kPlaces = 2 * kMostBlocks * kBlockRows;

// [a][b]: of all orders of a + b features, the part in which a certain one of the a comes last of
// them, and before all of the b: (a - 1)! b! / (a + b)!.
using Orders = std::array<std::array<double, kMostBackgroundPath + 1>, kMostBackgroundPath + 1>;

constexpr Orders orders() {
  Orders choices{};  // [a][b]: a + b over a
  Orders parts{};
  for (std::size_t a = 0; a <= kMostBackgroundPath; ++a) {
    for (std::size_t b = 0; a + b <= kMostBackgroundPath; ++b) {
      choices[a][b] = a == 0 || b == 0 ? 1 : choices[a - 1][b] + choices[a][b - 1];
      parts[a][b] = a == 0 ? 0 : 1 / (static_cast<double>(a) * choices[a][b]);
    }
  }
  return parts;
}

constexpr Orders kOrders = orders();

template <class Use>
void for_each_bit(std::uint64_t set, const Use& use) {
  for (; set != 0; set &= set - 1) use(static_cast<std::size_t>(std::countr_zero(set)));
}

void refuse(const RankedForest& forest, std::size_t rows) {
  if (rows == 0 || rows > kMostBackgroundRows) {
    throw invalid_argument("explain: background of ", rows, " rows; 1 to ", kMostBackgroundRows);
  }
  if (!forest.linear.empty()) {
    throw unsupported("explain: linear leaves; their values depend on the row");
  }
  for (std::size_t i = 0; i < forest.leaves.size(); ++i) {
    if (!std::isfinite(forest.leaves[i])) {
      throw unsupported("explain: leaf value ", i, " = ", forest.leaves[i]);
    }
  }
}

std::size_t blocks_of(std::size_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

}  // namespace

// Shares that were found at a leaf, by what the row misses there: rows of a block that miss the
// same get the same.
struct Background::Found {
  std::uint64_t missed;
  std::uint64_t use;  // for which leaf; others' are no longer true
  double shares[kMostBackgroundPath];
};

// One tree at a time, its paths and what the sample misses there.
class Background::Builder {
 public:
  Builder(Background& made, const Rows& sample)
      : made_(made), blocks_(blocks_of(sample.count)), sums_(made.forest_.outputs) {
    codes_.resize(blocks_ * kBlockRows * made.ranker_.slots());
    made.rank(sample, codes_.data());
  }

  void add(std::size_t number) {
    const RankTree& tree = made_.forest_.trees[number];
    const std::size_t words = (2 * std::size_t{tree.nodes} + 1) * blocks_ * kBlockRows;
    if (words > kMostWords) {
      throw resource_exhausted("explain: tree ", number, " of ", tree.nodes + 1,
                               " leaves, and a background of ", made_.rows_, " rows: ", words,
                               " words; ", kMostWords, " at most");
    }
    if (words_.size() < words) words_.resize(words);
    made_.most_nodes_ = std::max<std::size_t>(made_.most_nodes_, tree.nodes);
    add_paths(tree, number);
    made_.miss(tree, codes_.data(), {kBlockRows, blocks_}, words_.data());
    for (std::size_t i = 0; i <= tree.nodes; ++i) add_missed(tree, i);
  }

  void finish() {
    const RankedForest& forest = made_.forest_;
    for (std::size_t k = 0; k < forest.outputs; ++k) {
      const double sum = forest.start[k] + sums_[k] / static_cast<double>(made_.rows_);
      made_.base_.push_back(sum / forest.divisor * forest.scale + forest.bias[k]);
    }
  }

 private:
  // The features from the root to a node.
  struct Path {
    std::uint64_t first = 0;
    std::uint32_t length = 0;
  };

  void add_paths(const RankTree& tree, std::size_t number) {
    paths_.assign(2 * std::size_t{tree.nodes} + 1, Path{});
    for (std::size_t i = 0; i < tree.nodes; ++i) {
      const RankNode& node = made_.forest_.nodes[tree.first_node + i];
      const CutTable& table = made_.forest_.tables[made_.forest_.slots[node.slot].table];
      const Path path = with(paths_[i], table.feature, number);
      for (const std::int32_t child : {node.left, node.right}) paths_[place(tree, child)] = path;
    }
    for (std::size_t i = 0; i <= tree.nodes; ++i) {
      const Path& path = paths_[tree.nodes + i];
      made_.leaves_.push_back({0, 0, path.first, path.length});
    }
  }

  // Notes the feature's place for the next node.
  Path with(Path path, std::uint32_t feature, std::size_t number) {
    std::vector<std::uint32_t>& all = made_.features_;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(path.first);
    const auto at = std::find(begin, begin + path.length, feature) - begin;
    made_.bits_.push_back(static_cast<std::uint8_t>(at));
    if (at < path.length) return path;
    if (path.length == kMostBackgroundPath) {
      throw unsupported("explain: tree ", number, " asks for more than ", kMostBackgroundPath,
                        " features on one path; against a background that is the most");
    }
    const Path longer{all.size(), path.length + 1};
    all.resize(all.size() + longer.length);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(path.first), path.length,
                all.begin() + static_cast<std::ptrdiff_t>(longer.first));
    all.back() = feature;
    return longer;
  }

  void add_missed(const RankTree& tree, std::size_t leaf) {
    const std::span<std::uint64_t> sets(words_.data() + (tree.nodes + leaf) * blocks_ * kBlockRows,
                                        made_.rows_);
    std::ranges::sort(sets);
    Leaf& made = made_.leaves_[tree.first_leaf + leaf];
    made.first_missed = made_.missed_.size();
    made.always = ~std::uint64_t{0};
    for (auto at = sets.begin(); at != sets.end();) {
      const auto end = std::find_if(at, sets.end(), [&](std::uint64_t set) { return set != *at; });
      made.always &= *at;
      const auto rows = static_cast<std::uint32_t>(end - at);
      made_.missed_.push_back({*at, rows, static_cast<std::uint32_t>(std::popcount(*at))});
      if (*at == 0) add_rows(tree, leaf, rows);
      at = end;
    }
    if (made_.missed_.size() > kMostMissed || made_.features_.size() > kMostMissed) {
      throw resource_exhausted("explain: these trees and a background of ", made_.rows_,
                               " rows exceed ", kMostMissed, " sets of features");
    }
  }

  // So many rows of the sample get to the leaf.
  void add_rows(const RankTree& tree, std::size_t leaf, std::uint32_t rows) {
    const RankedForest& forest = made_.forest_;
    for (std::size_t k = 0; k < forest.leaf_width; ++k) {
      const double value = forest.leaves[(tree.first_leaf + leaf) * forest.leaf_width + k];
      sums_[tree.output + k] += value * rows;
    }
  }

  Background& made_;
  std::size_t blocks_;
  std::vector<double> sums_;  // of the sample's leaves
  std::vector<std::uint32_t> codes_;
  std::vector<std::uint64_t> words_;
  std::vector<Path> paths_;
};

Background::Background(const RankedForest& forest, const Rows& sample)
    : forest_(forest), ranker_(forest), rows_(sample.count) {
  refuse(forest, sample.count);
  bits_.reserve(forest.nodes.size());
  leaves_.reserve(forest.leaf_count());
  Builder builder(*this, sample);
  for (std::size_t i = 0; i < forest.trees.size(); ++i) builder.add(i);
  builder.finish();
}

// Where what rows miss at a child is kept: the nodes, behind them the leaves.
std::size_t Background::place(const RankTree& tree, std::int32_t child) noexcept {
  return child < 0 ? tree.nodes + static_cast<std::size_t>(~child)
                   : static_cast<std::size_t>(child);
}

void Background::rank(const Rows& rows, std::uint32_t* codes) const noexcept {
  for (std::size_t i = 0; i < rows.count; i += kBlockRows) {
    const std::size_t length = std::min(kBlockRows, rows.count - i);
    ranker_.block(rows.from(i, length), length, codes + i * ranker_.slots());
  }
}

void Background::miss(const RankTree& tree, const std::uint32_t* codes, Lanes lanes,
                      std::uint64_t* missed) const noexcept {
  const std::size_t stride = lanes.width * lanes.blocks;
  std::fill_n(missed, stride, 0);
  for (std::size_t i = 0; i < tree.nodes; ++i) {
    const RankNode& node = forest_.nodes[tree.first_node + i];
    const std::uint32_t bit = bits_[tree.first_node + i];
    const bool is_number =
        forest_.tables[forest_.slots[node.slot].table].kind == FeatureKind::kNumber;
    const std::uint32_t* words = forest_.bits.data() + (is_number ? 0 : node.test);
    for (std::size_t b = 0; b < lanes.blocks; ++b) {
      const std::uint32_t* code = codes + (b * ranker_.slots() + node.slot) * lanes.width;
      const std::uint64_t* here = missed + i * stride + b * lanes.width;
      std::uint64_t* left = missed + place(tree, node.left) * stride + b * lanes.width;
      std::uint64_t* right = missed + place(tree, node.right) * stride + b * lanes.width;
      for (std::size_t j = 0; j < lanes.width; ++j) {
        const bool goes_right =
            is_number ? code[j] > node.test : (words[code[j] / 32] >> (code[j] % 32) & 1) != 0;
        left[j] = here[j] | std::uint64_t{goes_right} << bit;
        right[j] = here[j] | std::uint64_t{!goes_right} << bit;
      }
    }
  }
}

// Of a leaf's path, what each feature of a row adds for each unit of the leaf's value, summed up
// over the sample: where a row of it misses other features than the row does, those that only it
// misses let the mixed row in, and those that only the row misses keep it out.
void Background::share(const Leaf& leaf, std::uint64_t end, std::uint64_t missed,
                       double* shares) const noexcept {
  std::fill_n(shares, leaf.features, 0.0);
  const auto out = static_cast<std::size_t>(std::popcount(missed));
  double kept_out = 0;
  for (std::uint64_t i = leaf.first_missed; i < end; ++i) {
    const Missed& that = missed_[i];
    if ((that.set & missed) != 0) continue;
    const double let_in = that.rows * kOrders[that.size][out];
    for_each_bit(that.set, [&](std::size_t bit) { shares[bit] += let_in; });
    kept_out += that.rows * kOrders[out][that.size];
  }
  for_each_bit(missed, [&](std::size_t bit) { shares[bit] = -kept_out; });
}

void Background::add_leaf(const RankTree& tree, std::size_t number, const double* shares,
                          double* out) const noexcept {
  const Leaf& leaf = leaves_[number];
  const std::uint32_t* features = features_.data() + leaf.first_feature;
  for (std::size_t k = 0; k < forest_.leaf_width; ++k) {
    const double value = forest_.leaves[number * forest_.leaf_width + k];
    double* to = out + (tree.output + k) * std::size_t{forest_.features};
    for (std::uint32_t i = 0; i < leaf.features; ++i) to[features[i]] += value * shares[i];
  }
}

void Background::explain(const Rows& rows, double* out) const noexcept {
  const std::size_t width = std::size_t{forest_.outputs} * forest_.features;
  const std::size_t block_words = (2 * most_nodes_ + 1) * kBlockRows;
  const std::size_t most =
      std::clamp<std::size_t>(kMostBlockWords / block_words, 1, kMostBlocks) * kBlockRows;
  std::fill_n(out, rows.count * width, 0.0);
  for (std::size_t i = 0; i < rows.count; i += most) {
    const Rows part = rows.from(i, std::min(rows.count - i, most));
    double* part_out = out + i * width;
    if (part.count >= kLeastBlockRows) {
      block(part, part_out);
      continue;
    }
    for (std::size_t j = 0; j < part.count; ++j) row(part, j, part_out + j * width);
  }
  const double count = static_cast<double>(rows_);
  for (std::size_t i = 0; i < rows.count * width; ++i) {
    out[i] = out[i] / count / forest_.divisor * forest_.scale;
  }
}

void Background::row(const Rows& rows, std::size_t row, double* out) const noexcept {
  auto* codes = scratch<std::uint32_t, Background>(ranker_.slots());
  ranker_.row(rows, row, codes);
  auto* missed = scratch<std::uint64_t, Background>(2 * most_nodes_ + 1);
  double shares[kMostBackgroundPath];
  for (const RankTree& tree : forest_.trees) {
    miss(tree, codes, {1, 1}, missed);
    for (std::size_t i = 0; i <= tree.nodes; ++i) {
      const std::size_t number = tree.first_leaf + i;
      if ((missed[tree.nodes + i] & leaves_[number].always) != 0) continue;
      share(leaves_[number], end_of(number), missed[tree.nodes + i], shares);
      add_leaf(tree, number, shares, out);
    }
  }
}

void Background::block(const Rows& rows, double* out) const noexcept {
  const std::size_t blocks = blocks_of(rows.count);
  const std::size_t stride = blocks * kBlockRows;
  auto* codes = scratch<std::uint32_t, Background>(ranker_.slots() * stride);
  rank(rows, codes);
  auto* missed = scratch<std::uint64_t, Background>((2 * most_nodes_ + 1) * stride);
  auto* found = scratch<Found, Background>(kPlaces);
  std::for_each_n(found, kPlaces, [](Found& at) { at.use = 0; });
  for (const RankTree& tree : forest_.trees) {
    miss(tree, codes, {kBlockRows, blocks}, missed);
    for (std::size_t i = 0; i <= tree.nodes; ++i) {
      share_out(tree, tree.first_leaf + i, {missed + (tree.nodes + i) * stride, rows.count}, found,
                out);
    }
  }
}

void Background::share_out(const RankTree& tree, std::size_t number,
                           std::span<const std::uint64_t> missed, Found* found,
                           double* out) const noexcept {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
  constexpr int kShift = 64 - std::countr_zero(kPlaces);
  const std::size_t width = std::size_t{forest_.outputs} * forest_.features;
  const Leaf& leaf = leaves_[number];
  const std::uint64_t end = end_of(number);
  for (std::size_t j = 0; j < missed.size(); ++j) {
    if ((missed[j] & leaf.always) != 0) continue;
    std::size_t at = missed[j] * kSpread >> kShift;
    while (found[at].use == number + 1 && found[at].missed != missed[j]) at = (at + 1) % kPlaces;
    if (found[at].use != number + 1) {
      found[at].missed = missed[j];
      found[at].use = number + 1;
      share(leaf, end, missed[j], found[at].shares);
    }
    add_leaf(tree, number, found[at].shares, out + j * width);
  }
}

}  // namespace kedge
