#include "kedge/score/ranker.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kedge/base/buffer.h"

namespace kedge {
namespace {

// The same comparison for floats: the smallest float at or above the cut.
float float_cut(double cut) {
  const auto rounded = static_cast<float>(cut);
  return rounded < cut ? std::nextafterf(rounded, HUGE_VALF) : rounded;
}

// Cut number `rank` of the rising cuts stands at this place of a heap: the deepest level has every
// second one, the level above every second of those that are left.
std::size_t heap_place(std::size_t rank, std::uint32_t levels) {
  const auto up = static_cast<std::uint32_t>(std::countr_one(rank));
  return ((std::size_t{1} << levels) >> (up + 1)) + (rank >> (up + 1));
}

template <class Value>
bool is_missing(Value value, bool zero_is_missing) {
  return std::isnan(value) ||
         (zero_is_missing && std::fabs(value) <= static_cast<Value>(kZeroBound));
}

}  // namespace

template <class Value>
CutHeap<Value> Ranker::heap_of(const Table& table) const noexcept {
  if constexpr (sizeof(Value) == sizeof(float)) {
    return {heap32_.data() + table.heap, table.levels};
  } else {
    return {heap64_.data() + table.heap, table.levels};
  }
}

Ranker::Ranker(const RankedForest& forest)
    : reads_float32_(forest.reads_float32),
      category_rule_(forest.category_rule),
      kernel_(select_variant(rank_variants(), active_isa())),
      cuts_(forest.cuts) {
  for (const CutTable& cut_table : forest.tables) {
    const auto levels = static_cast<std::uint32_t>(std::bit_width(cut_table.cuts));
    const auto place = static_cast<std::uint32_t>(heap64_.size());
    // Kernels load the first 64 cuts whatever there are.
    const std::size_t size = std::max<std::size_t>(std::size_t{1} << levels, kBlockRows);
    heap64_.resize(place + size, std::numeric_limits<double>::quiet_NaN());
    for (std::uint32_t i = 0; i < cut_table.cuts; ++i) {
      heap64_[place + heap_place(i, levels)] = cuts_[cut_table.first_cut + i];
    }
    tables_.push_back({cut_table.feature, cut_table.kind == FeatureKind::kCategory, levels, place,
                       cut_table.first_cut, cut_table.cuts, 0});
  }
  heap32_.resize(heap64_.size());
  std::ranges::transform(heap64_, heap32_.begin(), float_cut);
  for (const Slot& slot : forest.slots) {
    Table& table = tables_[slot.table];
    const bool is_low = slot.rule == SlotRule::kNanLow || slot.rule == SlotRule::kZeroLow;
    const bool is_zero = slot.rule == SlotRule::kZeroLow || slot.rule == SlotRule::kZeroHigh;
    std::uint32_t missing = is_low ? 0 : table.cuts;
    if (slot.rule == SlotRule::kNanZero) missing = rank_of(heap_of<double>(table), 0.0);
    if (table.is_category) missing = table.cuts + 1;
    slots_.push_back({is_zero, missing});
    table.last_slot = static_cast<std::uint32_t>(slots_.size());
    most_code_ = std::max(most_code_, kedge::most_code(forest.tables[slot.table]));
  }
}

std::uint32_t Ranker::category_code(const Table& table, double value) const noexcept {
  const double lowest = category_rule_ == CategoryRule::kTruncate ? -1.0 : 0.0;
  if (!(value >= 0 || value > lowest) || value >= kMostCategory + 1.0) return table.cuts;
  const double whole = static_cast<double>(static_cast<std::int64_t>(value));
  if (category_rule_ == CategoryRule::kWhole && value != whole) return table.cuts;
  const std::uint32_t rank = rank_of(heap_of<double>(table), whole);
  const bool is_known = rank > 0 && cuts_[table.first_cut + rank - 1] == whole;
  return is_known ? rank - 1 : table.cuts;
}

template <class Value, class Input, class Code>
void Ranker::row_of(const Rows& rows, std::size_t row, Code* codes) const noexcept {
  std::uint32_t slot = 0;
  for (const Table& table : tables_) {
    const auto value = static_cast<Value>(rows.at<Input>(row, table.feature));
    const std::uint32_t code = table.is_category ? category_code(table, double{value})
                                                 : rank_of(heap_of<Value>(table), value);
    for (; slot < table.last_slot; ++slot) {
      const SlotPlan& plan = slots_[slot];
      codes[slot] =
          static_cast<Code>(is_missing(value, plan.zero_is_missing) ? plan.missing : code);
    }
  }
}

template <class Value, class Input, class Code>
void Ranker::block_of(const Rows& rows, std::size_t length, Code* codes) const noexcept {
  alignas(kCacheLine) Value values[kBlockRows] = {};
  alignas(kCacheLine) std::uint32_t ranks[kBlockRows];
  std::uint32_t slot = 0;
  for (const Table& table : tables_) {
    for (std::size_t i = 0; i < length; ++i) {
      values[i] = static_cast<Value>(rows.at<Input>(i, table.feature));
    }
    if (table.is_category) {
      for (std::size_t i = 0; i < length; ++i) ranks[i] = category_code(table, double{values[i]});
    } else if constexpr (sizeof(Value) == sizeof(float)) {
      kernel_.rank_f32(heap_of<Value>(table), values, ranks);
    } else {
      kernel_.rank_f64(heap_of<Value>(table), values, ranks);
    }
    for (; slot < table.last_slot; ++slot) {
      const SlotPlan& plan = slots_[slot];
      Code* out = codes + std::size_t{slot} * kBlockRows;
      for (std::size_t i = 0; i < kBlockRows; ++i) {
        out[i] = static_cast<Code>(is_missing(values[i], plan.zero_is_missing) ? plan.missing
                                                                               : ranks[i]);
      }
    }
  }
}

template <class Code>
void Ranker::row(const Rows& rows, std::size_t row, Code* codes) const noexcept {
  if (rows.is_float32) return row_of<float, float>(rows, row, codes);
  if (reads_float32_) return row_of<float, double>(rows, row, codes);
  row_of<double, double>(rows, row, codes);
}

template <class Code>
void Ranker::block(const Rows& rows, std::size_t length, Code* codes) const noexcept {
  if (rows.is_float32) return block_of<float, float>(rows, length, codes);
  if (reads_float32_) return block_of<float, double>(rows, length, codes);
  block_of<double, double>(rows, length, codes);
}

template void Ranker::row(const Rows&, std::size_t, std::uint8_t*) const noexcept;
template void Ranker::row(const Rows&, std::size_t, std::uint16_t*) const noexcept;
template void Ranker::row(const Rows&, std::size_t, std::uint32_t*) const noexcept;
template void Ranker::block(const Rows&, std::size_t, std::uint8_t*) const noexcept;
template void Ranker::block(const Rows&, std::size_t, std::uint16_t*) const noexcept;
template void Ranker::block(const Rows&, std::size_t, std::uint32_t*) const noexcept;

}  // namespace kedge
