// What a row's ways through the trees ask of each feature: the values with which, the others as
// they are, no tree goes another way.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/quantize.h"
#include "kedge/score/ranker.h"
#include "kedge/score/rows.h"

namespace kedge {

// What one feature has to be, as the model reads it: of a model of floats, rounded to one. The row
// is so, and its score is the same with every other value that is.
struct Condition {
  double value = 0;         // the row's
  bool is_missing = false;  // then that is all there is to say
  bool or_missing = true;   // a value that is missing would go the same ways
  bool has_numbers = false;
  double low = -HUGE_VAL;  // low <= value <= high, where numbers are asked for
  double high = HUGE_VAL;
  bool has_categories = false;
};

// Categories that a condition lists: those that fulfil it, or with `is_outside` those that do not.
struct CategorySet {
  bool is_outside = false;
  std::vector<std::uint32_t> categories;  // rising
};

// The conditions that one row has met so far in one output's trees.
struct MetConditions {
  std::vector<std::uint32_t> low;  // of each slot of numbers, the codes that go its ways
  std::vector<std::uint32_t> high;
  std::vector<std::uint32_t> words;  // of categories, a bit for each code
  std::vector<std::uint8_t> is_met;  // of each slot: some node asked
};

// Immutable; any number of threads may use one, each with its own MetConditions.
class Conditions {
 public:
  explicit Conditions(const RankedForest& forest);

  MetConditions none() const;
  // Words that a condition's categories take, of any feature.
  std::size_t most_words() const noexcept { return most_words_; }
  std::size_t features() const noexcept { return forest_.features; }
  std::size_t slots() const noexcept { return ranker_.slots(); }
  void codes(const Rows& rows, std::size_t row, std::uint32_t* codes) const noexcept {
    ranker_.row(rows, row, codes);
  }

  // What the trees of an output ask of a row: `met` is made anew. O(nodes on the paths).
  void meet(const std::uint32_t* codes, std::size_t output, MetConditions& met) const noexcept;

  // The condition on a feature whose value in the row this is. False when there is none, for no
  // value would go another way. `words` gets the bits of categories, most_words() at most.
  bool read(const MetConditions& met, std::size_t feature, double value, Condition& out,
            std::uint32_t* words) const noexcept;

  // What the bits say of a feature that has categories.
  CategorySet categories(std::size_t feature, const std::uint32_t* words) const;

 private:
  struct Interval {
    double low;
    double high;
  };
  struct Place {
    std::uint32_t first_word;  // of a slot of categories
    std::uint32_t words;
  };

  const CutTable& table(std::size_t slot) const noexcept {
    return forest_.tables[forest_.slots[slot].table];
  }
  double cut(std::size_t at) const noexcept;
  Interval reached(const CutTable& table, std::uint32_t low, std::uint32_t high) const noexcept;
  Interval around(std::size_t slot, const MetConditions& met, double value) const noexcept;
  void walk(const RankTree& tree, const std::uint32_t* codes, MetConditions& met) const noexcept;

  RankedForest forest_;
  Ranker ranker_;
  std::vector<std::uint32_t> first_slot_;          // of each feature, and the end
  std::vector<Place> places_;                      // of each slot
  std::vector<std::vector<std::uint32_t>> trees_;  // of each output
  std::vector<std::uint32_t> high_;
  std::vector<std::uint32_t> all_words_;
  std::size_t most_words_ = 0;
};

}  // namespace kedge
