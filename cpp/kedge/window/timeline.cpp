#include "kedge/window/timeline.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/window/key_order.h"

namespace kedge {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

// Marks the rows whose value is null, be it in the column or in its dictionary.
void drop_nulls(const Column& column, std::uint32_t* keys) {
  const Column* entries = column.dictionary.get();
  const bool has_null_entries = entries != nullptr && entries->null_count() != 0;
  if (column.validity == nullptr && !has_null_entries) return;
  std::vector<std::int64_t> indices(has_null_entries ? column.length : 0);
  read_integers(column, 0, indices.size(), indices.data());
  for (std::size_t i = 0; i < column.length; ++i) {
    const bool is_null =
        column.is_null(i) ||
        (has_null_entries && entries->is_null(static_cast<std::size_t>(indices[i])));
    if (is_null) keys[i] = Timeline::kNoKey;
  }
}

}  // namespace

Timeline::Timeline(const Batches& table, const Columns& columns, Keys& keys) {
  const std::size_t rows = row_count(table);
  if (rows >= kNoKey) {
    throw resource_exhausted(rows, " rows: a join by time takes ", kNoKey - 1);
  }
  times_.resize(rows);
  keys_.resize(rows);
  std::size_t start = 0;
  for (const Batch& batch : table.batches) {
    read_keys(batch, columns, start, keys);
    read_times(batch, columns, start);
    start += batch.length;
  }
  sort();
}

void Timeline::read_keys(const Batch& batch, const Columns& columns, std::size_t start,
                         Keys& keys) {
  std::vector<const Column*> values;
  for (const std::size_t i : columns.keys) {
    in_column(batch.field(i).name, [&] { check_column(batch.columns[i]); });
    values.push_back(&batch.columns[i]);
  }
  keys.encode(values, std::span(keys_).subspan(start, batch.length));
  if (columns.matches_nulls) return;
  for (const Column* column : values) drop_nulls(*column, keys_.data() + start);
}

void Timeline::read_times(const Batch& batch, const Columns& columns, std::size_t start) {
  const Column& column = batch.columns[columns.time];
  std::int64_t* times = times_.data() + start;
  read_integers(column, 0, column.length, times);
  if (column.type == TypeId::kUint64) {
    for (std::size_t i = 0; i < column.length; ++i) {
      times[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(times[i]) ^ kSignBit);
    }
  }
  if (column.validity == nullptr && columns.factor == 1) return;
  std::int64_t before = start == 0 ? INT64_MIN : times[-1];
  for (std::size_t i = 0; i < column.length; ++i) {
    if (column.is_null(i)) {
      // The time before, so that the order of the others stays what it is.
      times[i] = before;
      keys_[start + i] = kNoKey;
      continue;
    }
    if (__builtin_mul_overflow(times[i], columns.factor, &times[i])) {
      throw invalid_argument("column \"", batch.field(columns.time).name, "\": row ", start + i,
                             " does not fit into 64 bits in the other table's unit");
    }
    before = times[i];
  }
}

void Timeline::sort() {
  if (std::ranges::is_sorted(times_)) return;
  std::vector<RankedId> ranked(times_.size());
  for (std::uint32_t row = 0; row < ranked.size(); ++row) {
    ranked[row] = {static_cast<std::uint64_t>(times_[row]) ^ kSignBit, row};
  }
  sort_by_rank(ranked);
  order_.resize(ranked.size());
  std::ranges::transform(ranked, order_.begin(), &RankedId::id);
}

}  // namespace kedge
