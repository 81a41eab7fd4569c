#include "kedge/kernels/rank.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

template <class Value>
RankKernel<Value> kernel_of(const RankVariant& variant) {
  if constexpr (sizeof(Value) == sizeof(float)) {
    return variant.rank_f32;
  } else {
    return variant.rank_f64;
  }
}

// In order, a search tree has its cuts from the left to the right.
template <class Value>
void fill(std::vector<Value>& heap, std::size_t at, std::size_t end, const Value*& next) {
  if (at >= end) return;
  fill(heap, 2 * at, end, next);
  heap[at] = *next++;
  fill(heap, 2 * at + 1, end, next);
}

// Some bits of every exponent: denormals, both infinities and neighbours among them.
template <class Value>
std::vector<Value> rising_cuts(Random& random, std::size_t count) {
  using Limits = std::numeric_limits<Value>;
  std::set<Value> cuts;
  constexpr Value kHard[] = {0,
                             Limits::denorm_min(),
                             -Limits::denorm_min(),
                             Limits::max(),
                             Limits::infinity(),
                             -Limits::infinity(),
                             1};
  for (const Value hard : kHard) {
    if (cuts.size() < count && random.below(2) == 0) cuts.insert(hard);
  }
  while (cuts.size() < count) {
    const auto number = static_cast<Value>(random.uniform() - 0.5);
    const Value cut = std::ldexp(number, static_cast<int>(random.below(200)) - 140);
    cuts.insert(cut + 0);
    if (cuts.size() < count) cuts.insert(std::nextafter(cut, Limits::infinity()) + 0);
  }
  return {cuts.begin(), cuts.end()};
}

template <class Value>
Value near(Random& random, const std::vector<Value>& cuts) {
  using Limits = std::numeric_limits<Value>;
  constexpr Value kHard[] = {0,
                             -Value{0},
                             Limits::infinity(),
                             -Limits::infinity(),
                             Limits::quiet_NaN(),
                             -Limits::quiet_NaN(),
                             Limits::denorm_min()};
  const std::uint32_t kind = random.below(4);
  if (kind == 0 || cuts.empty()) return kHard[random.below(std::size(kHard))];
  const Value cut = cuts[random.below(static_cast<std::uint32_t>(cuts.size()))];
  if (kind == 1) return cut;
  return std::nextafter(cut, kind == 2 ? Limits::infinity() : -Limits::infinity());
}

template <class Value>
void check_ranks(Random& random, std::size_t count) {
  const std::vector<Value> cuts = rising_cuts<Value>(random, count);
  const auto levels = static_cast<std::uint32_t>(std::bit_width(count));
  const std::size_t size = std::size_t{1} << levels;
  constexpr Value kNever = std::numeric_limits<Value>::quiet_NaN();
  std::vector<Value> in_order = cuts;
  in_order.resize(size, kNever);
  std::vector<Value> heap(std::max(size, kBlockRows), kNever);
  const Value* next = in_order.data();
  fill(heap, 1, size, next);
  const CutHeap<Value> tree{heap.data(), levels};

  std::vector<Value> values;
  std::vector<std::uint32_t> wanted;
  for (std::size_t i = 0; i < kBlockRows; ++i) {
    values.push_back(near(random, cuts));
    const auto reached =
        std::ranges::count_if(cuts, [&](Value cut) { return values.back() >= cut; });
    wanted.push_back(static_cast<std::uint32_t>(reached));
    CHECK(rank_of(tree, values.back()) == wanted.back());
  }
  for (const RankVariant& variant : rank_variants()) {
    if (!is_runnable(variant.isa)) continue;
    std::vector<std::uint32_t> ranks(kBlockRows + 1, 7);
    kernel_of<Value>(variant)(tree, values.data(), ranks.data());
    CHECK(ranks.back() == 7);
    ranks.pop_back();
    CHECK(ranks == wanted);
  }
}

}  // namespace

TEST("every variant ranks floats and doubles as counting the cuts does") {
  Random random(1);
  for (const std::size_t count :
       {0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 65, 127, 128, 255, 256, 1000, 5000, 70'000}) {
    for (int i = 0; i < (count < 2000 ? 10 : 1); ++i) {
      check_ranks<float>(random, count);
      check_ranks<double>(random, count);
    }
  }
}

}  // namespace kedge
