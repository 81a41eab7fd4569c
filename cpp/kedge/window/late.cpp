#include "kedge/window/late.h"

#include "kedge/arrow/build.h"
#include "kedge/arrow/check.h"
#include "kedge/arrow/take.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, kLateReasons> kNames = {"closed", "null time",
                                                               "outside bounds"};

// What the columns of one batch of late rows point into.
struct Taken {
  Batch source;  // a dictionary stays the source's
  std::vector<TakenColumn> columns;
  Batch reasons;
};

std::size_t bytes_of(const TakenColumn& taken) {
  return taken.values.size() + taken.validity.size() + taken.text.size();
}

}  // namespace

std::string_view late_reason_name(LateReason reason) noexcept {
  return kNames[static_cast<std::size_t>(reason)];
}

LateRows::LateRows(const Schema& schema) {
  Schema fields;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    Field field = schema[i];
    if (field.type.id == TypeId::kOpaque || field.type.id == TypeId::kStruct) continue;
    if (is_string(field.type.id)) field.type.id = TypeId::kLargeUtf8;
    columns_.push_back(i);
    fields.push_back(std::move(field));
  }
  Type reason;
  reason.id = TypeId::kLargeUtf8;
  fields.push_back({"late_reason", reason, false});
  late_.schema = std::make_shared<const Schema>(std::move(fields));
}

void LateRows::collect(const Batch& batch) {
  if (rows_.empty()) return;
  auto taken = std::make_shared<Taken>();
  taken->source = batch;
  BatchBuilder builder;
  std::vector<std::string> reasons;
  for (const LateReason reason : reasons_) {
    ++count(reason);
    reasons.emplace_back(late_reason_name(reason));
  }
  builder.add("late_reason", reasons);
  taken->reasons = builder.finish();
  Batch late;
  late.schema = late_.schema;
  late.length = rows_.size();
  for (const std::size_t i : columns_) {
    // Nobody else may have looked at what only late rows need.
    in_column(batch.field(i).name, [&] { check_column(batch.columns[i]); });
    taken->columns.push_back(kedge::take(batch.columns[i], rows_));
    bytes_ += bytes_of(taken->columns.back());
  }
  // Only now do the columns stay where they are.
  for (const TakenColumn& column : taken->columns) late.columns.push_back(column.column);
  late.columns.push_back(taken->reasons.columns.front());
  late.owner = std::move(taken);
  late_.batches.push_back(std::move(late));
  rows_.clear();
  reasons_.clear();
}

Batches LateRows::take() {
  Batches out{late_.schema, {}};
  std::swap(out, late_);
  bytes_ = 0;
  return out;
}

void LateRows::restore(Batches late) {
  if (*late.schema != *late_.schema) throw corrupt_data("late rows: their columns are others");
  late.schema = late_.schema;
  for (Batch& batch : late.batches) batch.schema = late_.schema;
  late_ = std::move(late);
}

}  // namespace kedge
