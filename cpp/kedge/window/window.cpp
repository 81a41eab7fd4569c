#include "kedge/window/window.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/window/count_windows.h"
#include "kedge/window/global_windows.h"
#include "kedge/window/pane_windows.h"
#include "kedge/window/session_windows.h"
#include "kedge/window/sliding_sums.h"
#include "kedge/window/sliding_windows.h"

namespace kedge {
namespace {

constexpr std::size_t kFewKeys = 1024;

std::vector<std::size_t> places_of(const WindowSpec& spec, const Schema& schema) {
  std::vector<std::size_t> places;
  places.reserve(spec.keys.size());
  for (const std::string& key : spec.keys) places.push_back(find_column(schema, key));
  return places;
}

std::vector<Field> fields_at(const Schema& schema, const std::vector<std::size_t>& places) {
  std::vector<Field> fields;
  fields.reserve(places.size());
  for (const std::size_t place : places) fields.push_back(schema[place]);
  return fields;
}

std::optional<std::size_t> time_place(const WindowSpec& spec, const Schema& schema) {
  if (spec.time.empty()) return std::nullopt;
  const std::size_t place = find_column(schema, spec.time);
  in_column(spec.time, [&] { return ticks_per_day(schema[place].type); });
  return place;
}

std::int64_t ticks_in(const Duration& duration, const char* argument, const WindowSpec& spec,
                      const Schema& schema) {
  if (duration.is_zero()) return 0;
  if (spec.time.empty()) throw invalid_argument(argument, ": there is no time column");
  try {
    return ticks_of(duration, ticks_per_day(schema[find_column(schema, spec.time)].type));
  } catch (const Error& error) {
    throw Error(error.code(), text(argument, ": ", error.what()));
  }
}

// Whether all are times, in one operation each: the sum wraps into the sign for those that are not.
bool all_near(std::span<const std::int64_t> times) noexcept {
  std::uint64_t sums = 0;
  for (const std::int64_t time : times) {
    sums |= static_cast<std::uint64_t>(time) + static_cast<std::uint64_t>(kFarthest);
  }
  return sums >> 63 == 0;
}

Watermark watermark_of(const WindowSpec& spec, const Schema& schema) {
  std::optional<std::int64_t> idle;
  if (spec.idle) idle = ticks_in(*spec.idle, "idle", spec, schema);
  return {spec.partitions, ticks_in(spec.lateness, "lateness", spec, schema), idle};
}

WindowSpec checked(WindowSpec spec) {
  spec.check();
  return spec;
}

}  // namespace

std::unique_ptr<Windows> make_windows(const Stream& stream, const Type& time) {
  switch (stream.spec.kind) {
    case WindowKind::kTime:
    case WindowKind::kBounds:
      return std::make_unique<PaneWindows>(stream, time);
    case WindowKind::kSession:
      return std::make_unique<SessionWindows>(stream, time);
    case WindowKind::kSliding:
      if (SlidingSums::takes(stream.spec, stream.aggregation) && stream.expire == 0) {
        return std::make_unique<SlidingSums>(stream);
      }
      return std::make_unique<SlidingWindows>(stream, time);
    case WindowKind::kCount:
      return std::make_unique<CountWindows>(stream);
    case WindowKind::kGlobal:
      break;
  }
  return std::make_unique<GlobalWindows>(stream);
}

Window::Window(WindowSpec spec, std::shared_ptr<const Schema> schema, const UserCodes* codes)
    : spec_(checked(std::move(spec))),
      schema_(std::move(schema)),
      key_columns_(places_of(spec_, *schema_)),
      time_column_(time_place(spec_, *schema_)),
      aggregation_(spec_, schema_, codes),
      keys_(fields_at(*schema_, key_columns_)),
      watermark_(watermark_of(spec_, *schema_)),
      fold_(aggregation_),
      emitter_(time_column_ ? &(*schema_)[*time_column_] : nullptr,
               fields_at(*schema_, key_columns_), aggregation_, spec_),
      late_(*schema_),
      windows_(make_windows({spec_, aggregation_, keys_, watermark_, fold_, emitter_, late_, rows_,
                             ticks_in(spec_.trigger, "trigger", spec_, *schema_),
                             ticks_in(spec_.expire, "expire", spec_, *schema_)},
                            time_column_ ? (*schema_)[*time_column_].type : Type())),
      keys_to_look_through_(kFewKeys) {}

void Window::check_state() const {
  if (spec_.max_state_bytes == 0) return;
  const std::uint64_t bytes = stats().state_bytes;
  if (bytes <= spec_.max_state_bytes) return;
  throw resource_exhausted("the state has ", bytes, " bytes, max_state_bytes is ",
                           spec_.max_state_bytes);
}

void Window::expect_sound() const {
  if (!failure_.empty()) throw invalid_argument(failure_);
}

template <class Run>
void Window::change(const Run& run) {
  expect_sound();
  try {
    run();
  } catch (const Error& error) {
    failure_ = text(error.what(), "; the window's state is lost: restore it from a snapshot");
    expect_sound();
  }
}

void Window::check_schema(const Schema& schema) const {
  if (&schema == schema_.get()) return;
  for (const Field& mine : *schema_) {
    const bool is_there = std::ranges::count(schema, mine.name, &Field::name) != 0;
    if (!is_there) throw invalid_argument("the batch has no column \"", mine.name, "\"");
  }
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Field& theirs = schema[i];
    if (i >= schema_->size()) {
      throw invalid_argument("column ", i, ", \"", theirs.name, "\", was not in the first batch");
    }
    const Field& mine = (*schema_)[i];
    if (mine.name == theirs.name && mine.type == theirs.type) continue;
    throw invalid_argument("column ", i, " is \"", theirs.name, "\" of ", type_name(theirs.type),
                           ", in the first batch it was \"", mine.name, "\" of ",
                           type_name(mine.type));
  }
}

std::span<const std::int64_t> Window::times_of(const Batch& batch) {
  if (!time_column_) {
    times_.assign(batch.length, 0);
    return times_;
  }
  const Column& column = batch.columns[*time_column_];
  const bool is_wide = value_bytes(column.type) == sizeof(std::int64_t);
  if (is_wide && column.validity == nullptr) {
    const std::span times(column.data<std::int64_t>(), batch.length);
    if (all_near(times)) return times;
  }
  times_.resize(batch.length);
  read_integers(column, 0, batch.length, times_.data());
  for (std::size_t i = 0; i < batch.length; ++i) {
    if (times_[i] < -kFarthest || times_[i] >= kFarthest) times_[i] = kFarTime;
    if (column.is_null(i)) times_[i] = kNoTime;
  }
  return times_;
}

void Window::encode_keys(const Batch& batch, std::span<std::uint32_t> ids) {
  std::vector<const Column*> columns;
  for (const std::size_t place : key_columns_) {
    columns.push_back(&batch.columns[place]);
    in_column(batch.field(place).name, [&] { check_column(batch.columns[place]); });
  }
  keys_.encode(columns, ids);
}

// Keys that neither an open window nor these rows need are forgotten; numbers change.
void Window::forget_unused(std::span<const std::uint32_t> needed) {
  std::vector<std::uint8_t> used(keys_.size());
  windows_->mark_used(used);
  for (const std::uint32_t id : needed) used[id] = 1;
  std::vector<std::uint32_t> new_ids(used.size());
  std::uint32_t size = 0;
  for (std::size_t id = 0; id < used.size(); ++id) new_ids[id] = used[id] != 0 ? size++ : 0;
  if (size < used.size()) {
    keys_.keep(used);
    windows_->renumber(new_ids, size);
    for (std::uint32_t& id : ids_) id = new_ids[id];
  }
  keys_to_look_through_ = std::max<std::size_t>(kFewKeys, 2 * std::size_t{size});
}

// Everything that can be wrong with the rows is found here, before any of them counts.
void Window::encode(std::span<const Batch> batches) {
  std::size_t rows = 0;
  for (const Batch& batch : batches) {
    check_schema(*batch.schema);
    aggregation_.inputs().prepare(batch);
    ids_.resize(rows + batch.length);
    encode_keys(batch, std::span(ids_).subspan(rows));
    rows += batch.length;
  }
  if (spec_.max_keys == 0 || keys_.size() <= spec_.max_keys) return;
  forget_unused(ids_);
  if (keys_.size() <= spec_.max_keys) return;
  throw resource_exhausted("these rows make it ", keys_.size(), " keys, max_keys is ",
                           spec_.max_keys);
}

void Window::take(const Batch& batch, std::span<const std::uint32_t> ids, std::uint32_t partition) {
  windows_->take({times_of(batch), ids, rows_, partition});
  late_.collect(batch);
  rows_ += batch.length;
}

void Window::push(std::span<const Batch> batches, std::uint32_t partition) {
  if (partition >= spec_.partitions) {
    throw invalid_argument("partition ", partition, " is none of ", spec_.partitions);
  }
  expect_sound();
  check_state();
  ids_.clear();
  try {
    encode(batches);
  } catch (const Error&) {
    ids_.clear();
    forget_unused({});
    throw;
  }
  change([&] {
    std::size_t start = 0;
    for (const Batch& batch : batches) {
      // What was computed of the last batch is still there.
      if (batches.size() > 1) aggregation_.inputs().prepare(batch);
      take(batch, std::span(ids_).subspan(start, batch.length), partition);
      start += batch.length;
    }
  });
  if (keys_.size() > keys_to_look_through_) forget_unused({});
}

void Window::advance_to(std::int64_t time) {
  if (time < -kFarthest || time >= kFarthest) {
    throw invalid_argument("advance_to: ", time, " is farther than times can be");
  }
  change([&] {
    watermark_.advance_to(time);
    windows_->close_reached();
  });
}

void Window::finish() {
  change([&] { windows_->close_all(); });
  watermark_.advance_to(kFarthest);
  is_finished_ = true;
}

std::optional<std::int64_t> Window::watermark() const noexcept {
  const std::int64_t time = is_finished_ ? watermark_.newest() : watermark_.value();
  if (time == kNoTime) return std::nullopt;
  return time;
}

WindowStats Window::stats() const noexcept {
  WindowStats stats;
  stats.rows = rows_;
  for (std::size_t i = 0; i < kLateReasons; ++i) {
    stats.late += late_.count(static_cast<LateReason>(i));
  }
  stats.outside = windows_->outside();
  stats.keys = keys_.size();
  stats.open = windows_->open();
  stats.state_bytes = keys_.bytes() + windows_->bytes() + late_.bytes();
  return stats;
}

}  // namespace kedge
