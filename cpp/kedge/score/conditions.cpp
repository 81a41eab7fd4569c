#include "kedge/score/conditions.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/bits.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool bit(const std::uint32_t* words, std::uint32_t code) {
  return (words[code / 32] >> (code % 32) & 1) != 0;
}

}  // namespace

Conditions::Conditions(const RankedForest& forest)
    : forest_(forest), ranker_(forest), trees_(forest.outputs) {
  places_.reserve(forest.slots.size());
  high_.reserve(forest.slots.size());
  first_slot_.assign(std::size_t{forest.features} + 1, 0);
  for (std::size_t slot = 0; slot < forest.slots.size(); ++slot) {
    const CutTable& asked = table(slot);
    ++first_slot_[asked.feature + 1];
    high_.push_back(most_code(asked));
    const std::uint32_t words = asked.kind == FeatureKind::kCategory ? bit_words(asked.cuts) : 0;
    places_.push_back({static_cast<std::uint32_t>(all_words_.size()), words});
    all_words_.resize(all_words_.size() + words, ~std::uint32_t{0});
    most_words_ = std::max<std::size_t>(most_words_, words);
  }
  for (std::size_t i = 1; i < first_slot_.size(); ++i) first_slot_[i] += first_slot_[i - 1];
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    for (std::uint32_t k = 0; k < forest.leaf_width; ++k) {
      trees_[forest.trees[i].output + k].push_back(static_cast<std::uint32_t>(i));
    }
  }
}

MetConditions Conditions::none() const {
  return {std::vector<std::uint32_t>(slots()), high_, all_words_,
          std::vector<std::uint8_t>(slots())};
}

void Conditions::meet(const std::uint32_t* codes, std::size_t output,
                      MetConditions& met) const noexcept {
  std::ranges::fill(met.low, 0u);
  std::ranges::copy(high_, met.high.begin());
  std::ranges::copy(all_words_, met.words.begin());
  std::ranges::fill(met.is_met, std::uint8_t{0});
  for (const std::uint32_t tree : trees_[output]) walk(forest_.trees[tree], codes, met);
}

void Conditions::walk(const RankTree& tree, const std::uint32_t* codes,
                      MetConditions& met) const noexcept {
  std::int32_t at = tree.nodes > 0 ? 0 : -1;
  while (at >= 0) {
    const RankNode& node = forest_.nodes[tree.first_node + static_cast<std::size_t>(at)];
    const std::uint32_t code = codes[node.slot];
    const Place& place = places_[node.slot];
    met.is_met[node.slot] = 1;
    bool is_right = false;
    if (place.words == 0) {
      is_right = code > node.test;
      std::uint32_t& low = met.low[node.slot];
      std::uint32_t& high = met.high[node.slot];
      if (is_right) {
        low = std::max(low, node.test + 1);
      } else {
        high = std::min(high, node.test);
      }
    } else {
      const std::uint32_t* set = forest_.bits.data() + node.test;
      is_right = bit(set, code);
      std::uint32_t* words = met.words.data() + place.first_word;
      for (std::uint32_t i = 0; i < place.words; ++i) words[i] &= is_right ? set[i] : ~set[i];
    }
    at = is_right ? node.right : node.left;
  }
}

double Conditions::cut(std::size_t at) const noexcept {
  return forest_.reads_float32 ? double{float_at_least(forest_.cuts[at])} : forest_.cuts[at];
}

// The numbers whose rank lies between two codes.
Conditions::Interval Conditions::reached(const CutTable& table, std::uint32_t low,
                                         std::uint32_t high) const noexcept {
  Interval all{-kInfinity, kInfinity};
  if (low > 0) all.low = cut(table.first_cut + low - 1);
  const double end = high < table.cuts ? cut(table.first_cut + high) : kInfinity;
  if (high >= table.cuts || std::isnan(end)) return all;
  if (end == -kInfinity) return {kInfinity, -kInfinity};
  all.high = forest_.reads_float32 ? double{next_down(static_cast<float>(end))} : next_down(end);
  return all;
}

// The longest interval around a value of which all numbers go its ways at this slot's nodes. Where
// zeros are missing they go by another code than their neighbours'.
Conditions::Interval Conditions::around(std::size_t slot, const MetConditions& met,
                                        double value) const noexcept {
  const std::uint32_t low = met.low[slot];
  const std::uint32_t high = met.high[slot];
  const Interval all = reached(table(slot), low, high);
  const SlotRule rule = forest_.slots[slot].rule;
  if (rule != SlotRule::kZeroLow && rule != SlotRule::kZeroHigh) return all;
  const bool is_zero = std::fabs(value) <= kZeroBound;
  const double beyond = forest_.reads_float32 ? -double{next_down(static_cast<float>(-kZeroBound))}
                                              : -next_down(-kZeroBound);
  const std::uint32_t missing = ranker_.missing_code(slot);
  if (missing < low || missing > high) {
    if (value > 0) return {std::max(all.low, beyond), all.high};
    return {all.low, std::min(all.high, -beyond)};
  }
  if (all.low <= beyond && all.high >= -beyond) {
    return {std::min(all.low, -kZeroBound), std::max(all.high, kZeroBound)};
  }
  return is_zero ? Interval{-kZeroBound, kZeroBound} : all;
}

bool Conditions::read(const MetConditions& met, std::size_t feature, double value, Condition& out,
                      std::uint32_t* words) const noexcept {
  out = Condition();
  out.value = forest_.reads_float32 ? double{static_cast<float>(value)} : value;
  out.is_missing = std::isnan(value);
  Interval numbers{-kInfinity, kInfinity};
  bool all = true;  // values go these ways
  for (std::size_t slot = first_slot_[feature]; slot < first_slot_[feature + 1]; ++slot) {
    if (met.is_met[slot] == 0) continue;
    const std::uint32_t missing = ranker_.missing_code(slot);
    if (places_[slot].words == 0) {
      out.has_numbers = true;
      out.or_missing &= missing >= met.low[slot] && missing <= met.high[slot];
      const Interval near = out.is_missing ? reached(table(slot), met.low[slot], met.high[slot])
                                           : around(slot, met, out.value);
      numbers = {std::max(numbers.low, near.low), std::min(numbers.high, near.high)};
      continue;
    }
    out.has_categories = true;
    const std::uint32_t* bits = met.words.data() + places_[slot].first_word;
    std::copy_n(bits, places_[slot].words, words);
    out.or_missing &= bit(bits, missing);
    for (std::uint32_t code = 0; code < missing; ++code) all &= bit(bits, code);
  }
  all &= out.or_missing && numbers.low == -kInfinity && numbers.high == kInfinity;
  if (!out.is_missing) {
    out.low = numbers.low;
    out.high = numbers.high;
  }
  return (out.has_numbers || out.has_categories) && !all;
}

CategorySet Conditions::categories(std::size_t feature, const std::uint32_t* words) const {
  CategorySet set;
  for (std::size_t slot = first_slot_[feature]; slot < first_slot_[feature + 1]; ++slot) {
    if (places_[slot].words == 0) continue;
    const CutTable& asked = table(slot);
    set.is_outside = bit(words, asked.cuts);
    for (std::uint32_t i = 0; i < asked.cuts; ++i) {
      if (bit(words, i) == set.is_outside) continue;
      set.categories.push_back(static_cast<std::uint32_t>(forest_.cuts[asked.first_cut + i]));
    }
  }
  return set;
}

}  // namespace kedge
