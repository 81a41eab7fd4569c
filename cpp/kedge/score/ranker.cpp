#include "kedge/score/ranker.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "kedge/base/bits.h"
#include "kedge/base/buffer.h"
#include "kedge/base/sort.h"
#include "kedge/score/heap_place.h"
#include "kedge/score/scratch.h"

namespace kedge {
namespace {

// Kernels load the first 64 cuts whatever there are.
std::size_t heap_size(const CutTable& table) {
  return std::max<std::size_t>(std::size_t{1} << std::bit_width(table.cuts), kBlockRows);
}

// The levels of a fan go behind what is in `all`.
Fan make_fan(std::span<const double> cuts, std::vector<double>& all) {
  std::vector<std::vector<double>> levels;  // the last one first
  std::vector<double> level(cuts.begin(), cuts.end());
  for (;;) {
    const std::size_t full = level.size() / kFanWidth;
    level.resize((full + 1) * kFanWidth, std::numeric_limits<double>::quiet_NaN());
    levels.push_back(level);
    if (full == 0) break;
    std::vector<double> above;
    for (std::size_t i = 1; i <= full; ++i) above.push_back(level[i * kFanWidth - 1]);
    level = std::move(above);
  }
  Fan fan{static_cast<std::uint32_t>(levels.size()), {}};
  for (std::uint32_t i = 0; i < fan.levels; ++i) {
    const auto& next = levels[fan.levels - 1 - i];
    fan.start[i] = static_cast<std::uint32_t>(all.size());
    all.insert(all.end(), next.begin(), next.end());
  }
  return fan;
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
  std::vector<std::uint32_t> order(forest.tables.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto kind_and_place = [&](std::uint32_t i) {
    return static_cast<std::uint64_t>(forest.tables[i].kind) << 32 | i;
  };
  sort_few(order, {}, kind_and_place);
  std::size_t heaps = 0;
  for (const CutTable& table : forest.tables) heaps += heap_size(table);
  heap64_.reserve(heaps);
  fan64_.reserve(forest.cuts.size() + forest.cuts.size() / (kFanWidth - 1) +
                 forest.tables.size() * kFanWidth * kMostFanLevels);
  for (const std::uint32_t table : order) add_table(forest, forest.tables[table]);
  heap32_.resize(heap64_.size());
  std::ranges::transform(heap64_, heap32_.begin(), float_at_least);
  fan32_.resize(fan64_.size());
  std::ranges::transform(fan64_, fan32_.begin(), float_at_least);
  add_slots(forest, order);
}

void Ranker::add_table(const RankedForest& forest, const CutTable& cut_table) {
  const auto levels = static_cast<std::uint32_t>(std::bit_width(cut_table.cuts));
  const auto heap = static_cast<std::uint32_t>(heap64_.size());
  heap64_.resize(heap + heap_size(cut_table), std::numeric_limits<double>::quiet_NaN());
  for (std::uint32_t i = 0; i < cut_table.cuts; ++i) {
    heap64_[heap + heap_place(i, levels)] = forest.cuts[cut_table.first_cut + i];
  }
  if (cut_table.kind == FeatureKind::kNumber) {
    fans_.push_back(make_fan(forest.cuts.subspan(cut_table.first_cut, cut_table.cuts), fan64_));
  }
  tables_.push_back({cut_table.feature, cut_table.kind == FeatureKind::kCategory, levels, heap,
                     cut_table.first_cut, cut_table.cuts, 0, 0});
}

void Ranker::add_slots(const RankedForest& forest, const std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> place(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (const Slot& slot : forest.slots) {
    Table& table = tables_[place[slot.table]];
    const bool is_low = slot.rule == SlotRule::kNanLow || slot.rule == SlotRule::kZeroLow;
    const bool is_zero = slot.rule == SlotRule::kZeroLow || slot.rule == SlotRule::kZeroHigh;
    std::uint32_t missing = is_low ? 0 : table.cuts;
    if (slot.rule == SlotRule::kNanZero) missing = rank_of(heap_of<double>(table), 0.0);
    if (table.is_category) missing = table.cuts + 1;
    const auto number = static_cast<std::uint32_t>(slots_.size());
    if (table.last_slot == 0) table.first_slot = number;
    table.last_slot = number + 1;
    slots_.push_back({place[slot.table], is_zero, missing});
    most_code_ = std::max(most_code_, kedge::most_code(forest.tables[slot.table]));
  }
}

std::uint32_t Ranker::category_code(const Table& table, double value) const noexcept {
  const std::int32_t category = category_of(category_rule_, value);
  if (category == kNoCategory) return table.cuts;
  const auto whole = static_cast<double>(category);
  const std::uint32_t rank = rank_of(heap_of<double>(table), whole);
  const bool is_known = rank > 0 && cuts_[table.first_cut + rank - 1] == whole;
  return is_known ? rank - 1 : table.cuts;
}

template <class Value, class Input, class Code>
void Ranker::row_of(const Rows& rows, std::size_t row, Code* codes) const noexcept {
  auto* values = scratch<Value, Ranker>(tables_.size());
  auto* ranks = scratch<std::uint32_t, Ranker>(tables_.size());
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    values[i] = static_cast<Value>(rows.at<Input>(row, tables_[i].feature));
  }
  if constexpr (sizeof(Value) == sizeof(float)) {
    kernel_.fan_f32(fans_.data(), fan32_.data(), values, fans_.size(), ranks);
  } else {
    kernel_.fan_f64(fans_.data(), fan64_.data(), values, fans_.size(), ranks);
  }
  for (std::size_t i = fans_.size(); i < tables_.size(); ++i) {
    ranks[i] = category_code(tables_[i], double{values[i]});
  }
  for (const SlotPlan& plan : slots_) {
    bool missing = counts_as_missing(values[plan.table], false);
    if (plan.zero_is_missing) [[unlikely]] {
      missing = counts_as_missing(values[plan.table], true);
    }
    *codes++ = static_cast<Code>(missing ? plan.missing : ranks[plan.table]);
  }
}

template <class Value, class Input, class Code>
void Ranker::block_of(const Rows& rows, std::size_t length, Code* codes) const noexcept {
  alignas(kCacheLine) Value values[kBlockRows] = {};
  alignas(kCacheLine) std::uint32_t ranks[kBlockRows];
  for (const Table& table : tables_) {
    for (std::size_t i = 0; i < length; ++i) {
      values[i] = static_cast<Value>(rows.at<Input>(i, table.feature));
    }
    if (table.is_category) {
      for (std::size_t i = 0; i < length; ++i) ranks[i] = category_code(table, double{values[i]});
      std::fill(ranks + length, ranks + kBlockRows, 0u);  // another table's ranks are no codes here
    } else if constexpr (sizeof(Value) == sizeof(float)) {
      kernel_.rank_f32(heap_of<Value>(table), values, ranks);
    } else {
      kernel_.rank_f64(heap_of<Value>(table), values, ranks);
    }
    for (std::uint32_t slot = table.first_slot; slot < table.last_slot; ++slot) {
      const SlotPlan& plan = slots_[slot];
      Code* out = codes + std::size_t{slot} * kBlockRows;
      for (std::size_t i = 0; i < kBlockRows; ++i) {
        out[i] = static_cast<Code>(counts_as_missing(values[i], plan.zero_is_missing) ? plan.missing
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
