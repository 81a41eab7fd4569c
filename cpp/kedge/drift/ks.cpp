#include "kedge/drift/ks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/drift/ks_pvalue.h"
#include "kedge/sketch/cell_fit.h"

namespace kedge {
namespace {

constexpr std::size_t kBlock = 256;
constexpr std::size_t kSmall = 8192;           // together; below, sorting is as fast
constexpr std::size_t kFitRows = 8192;         // from each sample, to choose the map
constexpr std::uint32_t kFitCells = 1024;      // 16 sampled values in a fair cell
constexpr std::uint32_t kRefinement = 64;      // 65536 cells: some 30 of 2e6 values in each
constexpr std::uint32_t kCutsRefinement = 16;  // a search tree pays for each of its levels
constexpr std::size_t kMostValues = std::size_t{1} << 31;  // scaled differences fit 64 bits

template <class Value>
bool takes_part(const Sample<Value>& sample, std::size_t i) {
  if (sample.validity != nullptr && !get_bit(sample.validity, sample.validity_offset + i)) {
    return false;
  }
  return sample.values[i] == sample.values[i];
}

// The largest rise of one distribution function over the other, times both sample sizes, and the
// value where it is attained. Equal rises: a value of the first sample, then the smaller one, as
// SciPy reports it.
template <class Value>
struct Rise {
  std::int64_t height = -1;
  Value at{};
  bool in_first = false;

  void offer(std::int64_t rise, Value value, bool first) {
    if (rise < height) return;
    if (rise == height && (first < in_first || (first == in_first && !(value < at)))) return;
    *this = {rise, value, first};
  }
};

template <class Value>
class Search {
 public:
  Search(std::size_t n, std::size_t m)
      : n_(static_cast<std::int64_t>(n)), m_(static_cast<std::int64_t>(m)) {}

  std::int64_t difference(std::uint64_t in_first, std::uint64_t in_second) const {
    return static_cast<std::int64_t>(in_first) * m_ - static_cast<std::int64_t>(in_second) * n_;
  }

  void offer(std::uint64_t in_first, std::uint64_t in_second, Value value, bool is_first) {
    const std::int64_t above = difference(in_first, in_second);
    above_.offer(above, value, is_first);
    below_.offer(-above, value, is_first);
  }

  // Sorts the two ranges, which follow `f` and `g` values that are all smaller, and walks them.
  void walk(std::span<Value> first, std::span<Value> second, std::uint64_t f, std::uint64_t g) {
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < first.size() || j < second.size()) {
      const bool from_first = j == second.size() || (i < first.size() && !(second[j] < first[i]));
      const Value value = from_first ? first[i] : second[j];
      while (i < first.size() && first[i] == value) ++i;
      while (j < second.size() && second[j] == value) ++j;
      offer(f + i, g + j, value, from_first);
    }
  }

  bool is_above() const { return above_.height >= below_.height; }
  const Rise<Value>& highest() const { return is_above() ? above_ : below_; }

 private:
  std::int64_t n_;
  std::int64_t m_;
  Rise<Value> above_;
  Rise<Value> below_;
};

// Calls block(slots, values, size) for all of a sample, null and NaN included in their slots.
template <class Value, class Block>
void each_block(const CellMap& map, const Sample<Value>& sample, const Block& block) {
  const CellVariant& variant = select_variant(cell_variants(), active_isa());
  alignas(kCacheLine) std::uint32_t slots[kBlock];
  alignas(kCacheLine) double widened[kBlock];
  for (std::size_t start = 0; start < sample.values.size(); start += kBlock) {
    const std::size_t size = std::min(kBlock, sample.values.size() - start);
    const Value* values = sample.values.data() + start;
    if constexpr (std::is_same_v<Value, double>) {
      variant.index_f64(map.plan(), {values, size}, slots);
    } else {
      for (std::size_t i = 0; i < size; ++i) widened[i] = static_cast<double>(values[i]);
      variant.index_f64(map.plan(), {widened, size}, slots);
    }
    if (sample.validity != nullptr) {
      mask_nulls(map.plan(), sample.validity, sample.validity_offset + start, size, slots);
    }
    block(slots, values, size);
  }
}

template <class Value>
std::vector<std::uint32_t> count_slots(const CellMap& map, const Sample<Value>& sample) {
  std::vector<std::uint32_t> counts(map.slots());
  each_block(map, sample, [&](const std::uint32_t* slots, const Value* values, std::size_t size) {
    constexpr std::size_t kAhead = 512;
    for (std::size_t i = 0; i < size; ++i) {
      if (i % 8 == 0) __builtin_prefetch(values + i + kAhead);
      ++counts[slots[i]];
    }
  });
  return counts;
}

template <class Value>
void add_fit_values(const Sample<Value>& sample, std::vector<double>& fit) {
  const std::size_t span = (sample.values.size() + kFitRows - 1) / kFitRows;
  for (std::size_t start = 0; start < sample.values.size(); start += span) {
    const std::size_t i = start + static_cast<std::size_t>(mix_bits(start) % span);
    if (i >= sample.values.size() || !takes_part(sample, i)) continue;
    const auto value = static_cast<double>(sample.values[i]);
    if (std::isfinite(value)) fit.push_back(value);
  }
}

template <class Value>
CellMap fit_map(const Sample<Value>& first, const Sample<Value>& second) {
  std::vector<double> fit;
  add_fit_values(first, fit);
  add_fit_values(second, fit);
  std::sort(fit.begin(), fit.end());
  const CellMap map =
      fit.empty() ? CellMap::cuts({}) : fit_cell_map(fit, {fit.front(), fit.back()}, kFitCells);
  return map.refined(map.plan().kind == CellKind::kCuts ? kCutsRefinement : kRefinement);
}

// The values of the chosen slots, slot by slot.
template <class Value>
class Buckets {
 public:
  Buckets(const CellMap& map, const Sample<Value>& sample, const std::vector<std::uint32_t>& counts,
          const std::vector<std::uint32_t>& chosen)
      : start_(map.slots(), kNone) {
    std::size_t total = 0;
    for (const std::uint32_t slot : chosen) {
      start_[slot] = static_cast<std::uint32_t>(total);
      total += counts[slot];
    }
    values_.resize(total);
    if (total == 0) return;
    std::vector<std::uint32_t> next = start_;
    // The bound holds whenever nobody writes into the samples meanwhile, which we cannot forbid.
    each_block(map, sample, [&](const std::uint32_t* slots, const Value* values, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) {
        if (next[slots[i]] < total) values_[next[slots[i]]++] = values[i];
      }
    });
  }

  std::span<Value> of(std::uint32_t slot, std::size_t count) {
    return std::span<Value>(values_).subspan(start_[slot], count);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<std::uint32_t> start_;
  std::vector<Value> values_;
};

struct SlotRange {
  std::uint32_t slot;
  std::uint64_t f;  // values of the first and second sample in the slots before
  std::uint64_t g;
};

template <class Value>
void search_cells(const CellMap& map, const Sample<Value>& first, const Sample<Value>& second,
                  const std::vector<std::uint32_t>& in_first,
                  const std::vector<std::uint32_t>& in_second, Search<Value>& search) {
  const std::uint32_t end = plus_inf_slot(map.cells()) + 1;
  std::int64_t known = 0;
  std::uint64_t f = 0;
  std::uint64_t g = 0;
  for (std::uint32_t slot = 0; slot < end; ++slot) {
    known = std::max(known, std::abs(search.difference(f += in_first[slot], g += in_second[slot])));
  }
  std::vector<SlotRange> promising;
  std::vector<std::uint32_t> mixed;  // those with more than one value in them
  f = 0;
  g = 0;
  for (std::uint32_t slot = 0; slot < end; ++slot) {
    const std::uint64_t f_after = f + in_first[slot];
    const std::uint64_t g_after = g + in_second[slot];
    const std::int64_t most =
        std::max(search.difference(f_after, g), -search.difference(f, g_after));
    if ((f_after != f || g_after != g) && most >= known) {
      const bool is_point = slot > 0 && slot + 1 < end && map.is_point(slot - 1);
      promising.push_back({slot, f, g});
      if (!is_point) mixed.push_back(slot);
    }
    f = f_after;
    g = g_after;
  }
  Buckets<Value> first_values(map, first, in_first, mixed);
  Buckets<Value> second_values(map, second, in_second, mixed);
  auto next_mixed = mixed.begin();
  for (const SlotRange& range : promising) {
    const std::uint32_t slot = range.slot;
    if (next_mixed != mixed.end() && *next_mixed == slot) {
      ++next_mixed;
      search.walk(first_values.of(slot, in_first[slot]), second_values.of(slot, in_second[slot]),
                  range.f, range.g);
    } else {
      search.offer(range.f + in_first[slot], range.g + in_second[slot],
                   static_cast<Value>(map.lower_bound(slot - 1)), in_first[slot] > 0);
    }
  }
}

template <class Value>
std::vector<Value> values_of(const Sample<Value>& sample) {
  std::vector<Value> values;
  values.reserve(sample.values.size());
  for (std::size_t i = 0; i < sample.values.size(); ++i) {
    if (takes_part(sample, i)) values.push_back(sample.values[i]);
  }
  return values;
}

std::size_t counted(const CellMap& map, std::size_t rows,
                    const std::vector<std::uint32_t>& counts) {
  return rows - counts[nan_slot(map.cells())] - counts[null_slot(map.cells())];
}

void check_sizes(std::size_t first, std::size_t second) {
  if (first > 0 && second > 0) return;
  throw invalid_argument("the ", first == 0 ? "first" : "second",
                         " sample has no value that is neither null nor NaN");
}

template <class Value>
KsResult conclude(const Search<Value>& search, const Sample<Value>& first,
                  const Sample<Value>& second, std::size_t n, std::size_t m) {
  const Rise<Value>& rise = search.highest();
  KsResult result;
  result.first_count = n;
  result.second_count = m;
  result.sign = search.is_above() ? 1 : -1;
  result.in_first = rise.in_first;
  const Sample<Value>& home = rise.in_first ? first : second;
  const auto is_there = [&](std::size_t i) {
    return takes_part(home, i) && home.values[i] == rise.at;
  };
  while (result.index + 1 < home.values.size() && !is_there(result.index)) ++result.index;
  result.statistic =
      static_cast<double>(rise.height) / (static_cast<double>(n) * static_cast<double>(m));
  result.pvalue = ks_two_sample_pvalue(static_cast<std::int64_t>(n), static_cast<std::int64_t>(m),
                                       result.statistic);
  return result;
}

}  // namespace

template <class Value>
KsResult ks_test(const Sample<Value>& first, const Sample<Value>& second) {
  const std::size_t rows = std::max(first.values.size(), second.values.size());
  if (rows > kMostValues) {
    throw invalid_argument("a sample of ", rows, " values; the exact test takes at most ",
                           kMostValues, ", a profile has no bound");
  }
  if (first.values.size() + second.values.size() <= kSmall) {
    std::vector<Value> x = values_of(first);
    std::vector<Value> y = values_of(second);
    check_sizes(x.size(), y.size());
    Search<Value> search(x.size(), y.size());
    search.walk(x, y, 0, 0);
    return conclude(search, first, second, x.size(), y.size());
  }
  const CellMap map = fit_map(first, second);
  const auto in_first = count_slots(map, first);
  const auto in_second = count_slots(map, second);
  const std::size_t n = counted(map, first.values.size(), in_first);
  const std::size_t m = counted(map, second.values.size(), in_second);
  check_sizes(n, m);
  Search<Value> search(n, m);
  search_cells(map, first, second, in_first, in_second, search);
  return conclude(search, first, second, n, m);
}

template KsResult ks_test(const Sample<double>&, const Sample<double>&);
template KsResult ks_test(const Sample<std::int64_t>&, const Sample<std::int64_t>&);
template KsResult ks_test(const Sample<std::uint64_t>&, const Sample<std::uint64_t>&);

}  // namespace kedge
