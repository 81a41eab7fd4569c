#include "kedge/window/as_of.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/join_chunks.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/window/timeline.h"

namespace kedge {
namespace {

std::size_t column_in(const Schema& schema, std::string_view table, std::string_view name) {
  try {
    return find_column(schema, name);
  } catch (const Error& error) {
    throw Error(error.code(), text(table, ": ", error.what()));
  }
}

// Integers are equal, and in order, whatever their widths; uint64 has values that others lack.
bool are_alike(const Type& a, const Type& b) {
  if (a.dictionary || b.dictionary || !is_integer(a.id) || !is_integer(b.id)) return false;
  return (a.id == TypeId::kUint64) == (b.id == TypeId::kUint64);
}

bool are_times_alike(const Type& a, const Type& b) {
  if (a.dictionary || b.dictionary || !is_time(a.id) || !is_time(b.id)) return false;
  const bool is_timestamp = a.id == TypeId::kTimestamp;
  if (is_timestamp != (b.id == TypeId::kTimestamp)) return false;
  // One instant has one number in all zones, but a time without a zone is no instant.
  return a.timezone.empty() == b.timezone.empty();
}

Error bad_pair(const Field& feature, const Field& label, std::string_view why) {
  return unsupported("column \"", label.name, "\": ", type_name(label.type), " in the labels, ",
                     type_name(feature.type), " in the features",
                     feature.name == label.name ? "" : text(" (\"", feature.name, "\")"), ": ",
                     why);
}

// What is read of both tables, so that keys and times of one can be compared with the other's.
struct Sides {
  Timeline::Columns features;
  Timeline::Columns labels;
  std::vector<Field> keys;
  std::uint64_t tolerance = UINT64_MAX;
};

std::uint64_t tolerance_of(const AsOf& how, const Type& time, std::int64_t ticks_in_day) {
  if (const auto* steps = std::get_if<std::uint64_t>(&how.tolerance)) {
    if (is_integer(time.id)) return *steps;
    throw invalid_argument("tolerance = ", *steps, ": \"", how.on, "\" is ", type_name(time),
                           ", a duration is wanted");
  }
  if (const auto* duration = std::get_if<Duration>(&how.tolerance)) {
    if (is_time(time.id)) return static_cast<std::uint64_t>(ticks_of(*duration, ticks_in_day));
    throw invalid_argument("tolerance = \"", to_string(*duration), "\": \"", how.on, "\" is ",
                           type_name(time), ", a whole number is wanted");
  }
  return UINT64_MAX;
}

void pair_times(const Schema& features, const Schema& labels, const AsOf& how, Sides& sides) {
  sides.features.time = column_in(features, "features", how.features_on);
  sides.labels.time = column_in(labels, "labels", how.on);
  const Field& feature = features[sides.features.time];
  const Field& label = labels[sides.labels.time];
  std::int64_t ticks_in_day = 1;
  if (are_times_alike(feature.type, label.type)) {
    const std::int64_t of_feature = ticks_per_day(feature.type);
    const std::int64_t of_label = ticks_per_day(label.type);
    ticks_in_day = std::max(of_feature, of_label);
    sides.features.factor = ticks_in_day / of_feature;
    sides.labels.factor = ticks_in_day / of_label;
  } else if (!are_alike(feature.type, label.type)) {
    throw bad_pair(feature, label,
                   "`on` takes two timestamps with a zone or two without, two dates or two"
                   " integers");
  }
  sides.tolerance = tolerance_of(how, label.type, ticks_in_day);
}

void pair_keys(const Schema& features, const Schema& labels, const AsOf& how, Sides& sides) {
  for (const std::string& name : how.by) {
    sides.features.keys.push_back(column_in(features, "features", name));
    sides.labels.keys.push_back(column_in(labels, "labels", name));
    const Field& feature = features[sides.features.keys.back()];
    const Field& label = labels[sides.labels.keys.back()];
    if (key_output_type(feature.type) != key_output_type(label.type) &&
        !are_alike(feature.type, label.type)) {
      throw bad_pair(feature, label, "such keys are never equal");
    }
    sides.keys.push_back(label);
  }
  sides.features.matches_nulls = sides.labels.matches_nulls = how.matches_nulls;
}

// Of each label, the feature row that it gets, or kNoRow.
std::vector<std::uint32_t> match(const Timeline& features, const Timeline& labels,
                                 std::uint32_t keys, std::uint64_t tolerance, bool is_strict) {
  struct Newest {
    std::int64_t time = 0;
    std::uint32_t row = kNoRow;
  };
  std::vector<Newest> newest(keys);  // so far, of each key
  std::vector<std::uint32_t> matched(labels.size(), kNoRow);
  std::size_t next = 0;
  for (std::size_t place = 0; place < labels.size(); ++place) {
    const std::uint32_t label = labels.row_at(place);
    const std::int64_t now = labels.time(label);
    for (; next < features.size(); ++next) {
      const std::uint32_t feature = features.row_at(next);
      const std::int64_t time = features.time(feature);
      if (time > now || (is_strict && time == now)) break;
      const std::uint32_t key = features.key(feature);
      if (key != Timeline::kNoKey) newest[key] = {time, feature};
    }
    const std::uint32_t key = labels.key(label);
    if (key == Timeline::kNoKey) continue;
    const Newest& found = newest[key];
    // The difference of two signed numbers always fits into an unsigned one.
    const std::uint64_t age =
        static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(found.time);
    if (found.row != kNoRow && age <= tolerance) matched[label] = found.row;
  }
  return matched;
}

void check_takes(const Field& field) {
  check_readable(field);
  const Type& type = field.type.dictionary ? *field.type.dictionary : field.type;
  if (type.id == TypeId::kStruct) {
    throw unsupported("column \"", field.name, "\": ", type_name(field.type),
                      " cannot be joined, only its fields can");
  }
}

// A feature column in one piece.
struct Source {
  Column column;
  std::shared_ptr<const TakenColumn> joined;  // what it points into, unless that is the table
};

Source source_of(const Batches& features, std::size_t i) {
  const Field& field = (*features.schema)[i];
  std::vector<const Column*> chunks;
  return in_column(field.name, [&]() -> Source {
    for (const Batch& batch : features.batches) {
      check_column(batch.columns[i]);
      chunks.push_back(&batch.columns[i]);
    }
    if (chunks.size() == 1 && !field.type.dictionary) return {*chunks.front(), nullptr};
    auto joined = std::make_shared<const TakenColumn>(join_chunks(field.type, chunks));
    return {joined->column, joined};
  });
}

// The features' columns that come out, and the schema with them behind the labels'.
struct Carried {
  std::vector<Source> sources;
  std::shared_ptr<const Schema> schema;
};

Carried carry(const Batches& features, const Batches& labels, const AsOf& how, const Sides& sides) {
  Carried carried;
  Schema schema = *labels.schema;
  for (const Field& field : schema) check_readable(field);  // or it could not be handed on
  const auto has = [&](const std::string& name) {
    return std::ranges::find(schema, name, &Field::name) != schema.end();
  };
  for (std::size_t i = 0; i < features.schema->size(); ++i) {
    if (std::ranges::find(sides.features.keys, i) != sides.features.keys.end()) continue;
    if (i == sides.features.time && how.features_on == how.on) continue;
    const Field& field = (*features.schema)[i];
    check_takes(field);
    const std::string name = has(field.name) ? field.name + how.suffix : field.name;
    if (has(name)) {
      throw invalid_argument("column \"", name, "\" would come out twice: give a suffix",
                             " that the features get, or rename them");
    }
    schema.push_back({name, joined_type(field.type), true});
    carried.sources.push_back(source_of(features, i));
  }
  carried.schema = std::make_shared<const Schema>(std::move(schema));
  return carried;
}

Batch joined(const Batch& labels, const Carried& carried, std::span<const std::uint32_t> rows) {
  struct Memory {
    Batch labels;
    std::vector<TakenColumn> taken;
  };
  auto memory = std::make_shared<Memory>();
  memory->labels = labels;
  for (const Source& source : carried.sources) {
    memory->taken.push_back(take_or_null(source.column, rows));
  }
  Batch out;
  out.schema = carried.schema;
  out.length = labels.length;
  out.columns = labels.columns;
  // Only now do the columns stay where they are.
  for (const TakenColumn& taken : memory->taken) out.columns.push_back(taken.column);
  out.owner = std::move(memory);
  return out;
}

}  // namespace

Batches as_of(const Batches& features, const Batches& labels, const AsOf& how) {
  Sides sides;
  pair_keys(*features.schema, *labels.schema, how, sides);
  pair_times(*features.schema, *labels.schema, how, sides);
  const Carried carried = carry(features, labels, how, sides);
  Keys keys(sides.keys);
  const Timeline of_features(features, sides.features, keys);
  const Timeline of_labels(labels, sides.labels, keys);
  const auto matched = match(of_features, of_labels, keys.size(), sides.tolerance, how.is_strict);
  Batches out{carried.schema, {}};
  std::span<const std::uint32_t> rest = matched;
  for (const Batch& batch : labels.batches) {
    out.batches.push_back(joined(batch, carried, rest.first(batch.length)));
    rest = rest.subspan(batch.length);
  }
  return out;
}

}  // namespace kedge
