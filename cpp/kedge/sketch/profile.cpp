#include "kedge/sketch/profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/base/random.h"
#include "kedge/sketch/cell_fit.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "PROF";
constexpr std::uint32_t kVersion = 1;

// Enough that a cell of 4096 holds 16 sampled values when it holds its fair share.
constexpr std::size_t kSampleRows = 65536;

// A batch with the struct columns opened: "a.b" is column b of struct a.
Batch flatten(const Batch& batch) {
  bool has_struct = false;
  for (const Column& column : batch.columns) has_struct |= column.type == TypeId::kStruct;
  if (!has_struct) return batch;
  struct Opened {
    std::shared_ptr<const void> batch;
    std::vector<Batch> structs;
  };
  auto opened = std::make_shared<Opened>();
  opened->batch = batch.owner;
  Schema schema;
  Batch flat;
  flat.length = batch.length;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].type != TypeId::kStruct) {
      schema.push_back(batch.field(i));
      flat.columns.push_back(batch.columns[i]);
      continue;
    }
    const Batch& inner = opened->structs.emplace_back(struct_batch(batch, i));
    for (std::size_t j = 0; j < inner.columns.size(); ++j) {
      Field field = inner.field(j);
      field.name = text(batch.field(i).name, ".", field.name);
      schema.push_back(std::move(field));
      flat.columns.push_back(inner.columns[j]);
    }
  }
  flat.schema = std::make_shared<const Schema>(std::move(schema));
  flat.owner = std::move(opened);
  return flat;
}

Schema flatten(const Schema& schema) {
  Schema flat;
  for (const Field& field : schema) {
    if (field.type.id != TypeId::kStruct) {
      flat.push_back(field);
      continue;
    }
    for (const Field& child : field.type.children) {
      flat.push_back({text(field.name, ".", child.name), child.type, true});
    }
  }
  return flat;
}

void check_numeric(const Field& field) {
  if (is_numeric(field.type)) return;
  throw unsupported("column \"", field.name, "\": a profile takes numeric columns, got ",
                    type_name(field.type), "; choose columns with columns=");
}

// One row out of each of kSampleRows equal spans of rows, at a place in it that depends on the span
// alone: the same rows in other batches give the same sample, and a period in the rows does not
// meet the period of the spans.
std::vector<double> sorted_sample(std::span<const Batch> batches, std::size_t column) {
  std::uint64_t total = 0;
  for (const Batch& batch : batches) total += batch.length;
  const std::uint64_t span = (total + kSampleRows - 1) / kSampleRows;
  std::vector<double> sample;
  std::uint64_t batch_start = 0;
  std::size_t at = 0;
  for (std::uint64_t i = 0; i * span < total; ++i) {
    const std::uint64_t row = i * span + (span > 1 ? mix_bits(i) % span : 0);
    if (row >= total) break;
    while (row - batch_start >= batches[at].length) batch_start += batches[at++].length;
    const Column& values = batches[at].columns[column];
    const auto local = static_cast<std::size_t>(row - batch_start);
    double value;
    read_doubles(values, local, 1, &value);
    if (!values.is_null(local) && std::isfinite(value)) sample.push_back(value);
  }
  std::sort(sample.begin(), sample.end());
  return sample;
}

// The least and the greatest finite value of all rows.
std::optional<ValueRange> range_of(std::span<const Batch> batches, std::size_t column) {
  ValueRange range = {std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  for (const Batch& batch : batches) {
    const Column& values = batch.columns[column];
    double block[256];
    for (std::size_t start = 0; start < values.length; start += std::size(block)) {
      const std::size_t rows = std::min(std::size(block), values.length - start);
      read_doubles(values, start, rows, block);
      for (std::size_t i = 0; i < rows; ++i) {
        if (values.is_null(start + i) || !std::isfinite(block[i])) continue;
        range.low = std::min(range.low, block[i]);
        range.high = std::max(range.high, block[i]);
      }
    }
  }
  if (range.low > range.high) return std::nullopt;
  return range;
}

bool is_temporal(std::string_view type) {
  return type.starts_with("timestamp") || type.starts_with("date");
}

}  // namespace

Profile Profile::of(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches,
                    std::uint32_t cells, std::span<const std::string> columns) {
  const Schema flat_schema = flatten(*schema);
  std::vector<std::size_t> chosen;
  for (const std::string& name : columns) chosen.push_back(find_column(flat_schema, name));
  for (std::size_t i = 0; columns.empty() && i < flat_schema.size(); ++i) chosen.push_back(i);
  for (const std::size_t i : chosen) check_numeric(flat_schema[i]);
  std::vector<Batch> flat;
  for (const Batch& batch : batches) flat.push_back(flatten(batch));
  Profile profile;
  for (const std::size_t i : chosen) {
    const Field& field = flat_schema[i];
    const auto range = range_of(flat, i);
    auto map = std::make_shared<const CellMap>(
        range ? fit_cell_map(sorted_sample(flat, i), *range, cells) : CellMap::cuts({}));
    profile.add_column(field.name, type_name(field.type), Histogram(std::move(map)));
  }
  for (const Batch& batch : flat) profile.update(batch);
  return profile;
}

void Profile::add_column(std::string name, std::string type, Histogram histogram) {
  std::uint64_t slots = histogram.map().slots();
  for (const ColumnProfile& column : columns_) {
    slots += column.histogram.map().slots();
    if (column.name == name) throw invalid_argument("there are two columns \"", name, "\"");
  }
  if (slots > kMaxProfileSlots) {
    throw resource_exhausted("column \"", name, "\": the profile has ", slots,
                             " cells with it, at most ", kMaxProfileSlots, " are allowed");
  }
  columns_.push_back({std::move(name), std::move(type), std::move(histogram)});
}

Profile Profile::like() const {
  Profile empty;
  for (const ColumnProfile& column : columns_) {
    empty.columns_.push_back({column.name, column.type, Histogram(column.histogram.shared_map())});
  }
  return empty;
}

void Profile::update(const Batch& batch) {
  const Batch flat = flatten(batch);
  std::vector<const Column*> sources;
  for (const ColumnProfile& column : columns_) {
    const std::size_t i = find_column(*flat.schema, column.name);
    const Field& field = flat.field(i);
    check_numeric(field);
    const std::string type = type_name(field.type);
    if (type != column.type && (is_temporal(type) || is_temporal(column.type))) {
      throw invalid_argument("column \"", column.name, "\": the profile holds ", column.type,
                             ", got ", type);
    }
    sources.push_back(&flat.columns[i]);
  }
  for (std::size_t i = 0; i < sources.size(); ++i) columns_[i].histogram.update(*sources[i]);
  rows_ += batch.length;
}

void Profile::check_columns(const Profile& other, std::string_view verb) const {
  if (columns_.size() != other.columns_.size()) {
    throw invalid_argument("cannot ", verb, " a profile of ", other.columns_.size(),
                           " columns and one of ", columns_.size());
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name != other.columns_[i].name) {
      throw invalid_argument("cannot ", verb, ": column ", i, " is \"", columns_[i].name,
                             "\" here and \"", other.columns_[i].name, "\" there");
    }
    if (!columns_[i].histogram.same_map(other.columns_[i].histogram)) {
      throw invalid_argument("cannot ", verb, ": column \"", columns_[i].name,
                             "\" has other cells there; make one with like() of the other");
    }
  }
}

void Profile::merge(const Profile& other) {
  check_columns(other, "merge");
  Profile both = *this;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    both.columns_[i].histogram.merge(other.columns_[i].histogram);
  }
  both.rows_ += other.rows_;
  *this = std::move(both);
}

void Profile::subtract(const Profile& other) {
  check_columns(other, "subtract");
  Profile left = *this;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    left.columns_[i].histogram.subtract(other.columns_[i].histogram);
  }
  if (other.rows_ > rows_) {
    throw invalid_argument("cannot subtract ", other.rows_, " rows from ", rows_);
  }
  left.rows_ -= other.rows_;
  *this = std::move(left);
}

const ColumnProfile& Profile::column(std::string_view name) const {
  for (const ColumnProfile& column : columns_) {
    if (column.name == name) return column;
  }
  std::string names;
  for (const ColumnProfile& column : columns_) {
    names += text(names.empty() ? "\"" : ", \"", column.name, "\"");
  }
  throw invalid_argument("the profile has no column \"", name, "\"; it has ",
                         names.empty() ? "none" : names);
}

std::vector<std::byte> Profile::to_bytes() const {
  ByteWriter out;
  out.write_varint(rows_);
  out.write_varint(columns_.size());
  for (const ColumnProfile& column : columns_) {
    out.write_string(column.name);
    out.write_string(column.type);
    out.write_bytes(column.histogram.to_bytes());
  }
  return seal_frame(kKind, kVersion, out.view());
}

Profile Profile::from_bytes(std::span<const std::byte> bytes) {
  ByteReader file(bytes, "profile");
  ByteReader in(open_frame(file, kKind, kVersion).payload, "profile");
  file.expect_end();
  Profile profile;
  profile.rows_ = in.read_varint();
  const std::uint64_t columns = in.read_varint();
  for (std::uint64_t i = 0; i < columns; ++i) {
    std::string name(in.read_string());
    std::string type(in.read_string());
    ByteReader rest(in.slice(in.position(), in.remaining()),
                    text("profile, column \"", name, "\""));
    Histogram histogram = Histogram::read(rest);
    in.read_bytes(rest.position());
    for (const ColumnProfile& column : profile.columns_) {
      if (column.name == name) throw corrupt_data("profile: two columns \"", name, "\"");
    }
    if (histogram.row_count() != profile.rows_) {
      throw corrupt_data("profile, column \"", name, "\": ", histogram.row_count(),
                         " rows, the profile has ", profile.rows_);
    }
    profile.add_column(std::move(name), std::move(type), std::move(histogram));
  }
  in.expect_end();
  return profile;
}

}  // namespace kedge
