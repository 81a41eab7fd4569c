// From the values of a row to the codes that trees are walked by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/kernels/rank.h"
#include "kedge/model/quantize.h"
#include "kedge/score/rows.h"

namespace kedge {

// Immutable; every method may run in any number of threads.
class Ranker {
 public:
  explicit Ranker(const RankedForest& forest);

  std::size_t slots() const noexcept { return slots_.size(); }
  std::uint32_t most_code() const noexcept { return most_code_; }
  // What the slot has for a missing value.
  std::uint32_t missing_code(std::size_t slot) const noexcept { return slots_[slot].missing; }

  // The codes of one row, one for each slot. `Code` must hold most_code().
  template <class Code>
  void row(const Rows& rows, std::size_t row, Code* codes) const noexcept;

  // Of the first `length` <= kBlockRows rows: code of row i and slot s at [s * kBlockRows + i].
  // Rows beyond `length` get any codes that their slots may have.
  template <class Code>
  void block(const Rows& rows, std::size_t length, Code* codes) const noexcept;

 private:
  struct Table {
    std::uint32_t feature;
    bool is_category;
    std::uint32_t levels;
    std::uint32_t heap;       // where its cuts start in heap32_ and heap64_
    std::uint32_t first_cut;  // in cuts_, of a category
    std::uint32_t cuts;
    std::uint32_t first_slot;
    std::uint32_t last_slot;  // one past its last slot
  };
  struct SlotPlan {
    std::uint32_t table;
    bool zero_is_missing;
    std::uint32_t missing;  // the code of a missing value
  };

  template <class Value, class Input, class Code>
  void row_of(const Rows& rows, std::size_t row, Code* codes) const noexcept;
  template <class Value, class Input, class Code>
  void block_of(const Rows& rows, std::size_t length, Code* codes) const noexcept;
  std::uint32_t category_code(const Table& table, double value) const noexcept;
  void add_table(const RankedForest& forest, const CutTable& cut_table);
  void add_slots(const RankedForest& forest, const std::vector<std::uint32_t>& order);
  template <class Value>
  CutHeap<Value> heap_of(const Table& table) const noexcept;

  bool reads_float32_;
  CategoryRule category_rule_;
  std::uint32_t most_code_ = 0;
  RankVariant kernel_;
  std::vector<Table> tables_;  // numbers first
  std::vector<Fan> fans_;      // of each table of numbers
  std::vector<double> fan64_;
  std::vector<float> fan32_;
  std::vector<SlotPlan> slots_;
  std::vector<float> heap32_;
  std::vector<double> heap64_;
  std::span<const double> cuts_;
};

}  // namespace kedge
