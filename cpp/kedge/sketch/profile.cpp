#include "kedge/sketch/profile.h"

#include <algorithm>
#include <memory>

#include "kedge/arrow/check.h"
#include "kedge/arrow/flatten.h"
#include "kedge/arrow/nulls.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/sketch/name_reader.h"
#include "kedge/sketch/outline.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "PROF";

void check_slicing(const Field& field) {
  if (NameReader::takes(field.type)) return;
  throw unsupported("column \"", field.name, "\": ", type_name(field.type),
                    " has no values to slice by");
}

}  // namespace

Profile Profile::of(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches,
                    const ProfileOptions& options) {
  Outline outline(*schema, options);
  for (const Batch& batch : batches) outline.look(batch);
  Profile profile = outline.profile();
  for (const Batch& batch : batches) profile.update(batch);
  return profile;
}

Profile Profile::of(ColumnProfile column) {
  Profile profile;
  profile.rows_ = column.row_count();
  profile.columns_.push_back(std::move(column));
  return profile;
}

std::uint64_t Profile::slots() const {
  std::uint64_t slots = 0;
  for (const ColumnProfile& column : columns_) slots += column.slots();
  for (const Slices& slices : slices_) slots += slices.slots();
  return slots;
}

void Profile::add_column(ColumnProfile added) {
  for (const ColumnProfile& column : columns_) {
    if (column.name == added.name) {
      throw invalid_argument("there are two columns \"", added.name, "\"");
    }
  }
  const std::uint64_t slots_with_it = slots() + added.slots();
  if (slots_with_it > kMaxProfileSlots) {
    throw resource_exhausted("column \"", added.name, "\": the profile has ", slots_with_it,
                             " cells with it, at most ", kMaxProfileSlots, " are allowed");
  }
  columns_.push_back(std::move(added));
}

void Profile::add_slices(const std::string& column, std::shared_ptr<const CategoryMap> values) {
  for (const Slices& slices : slices_) {
    if (slices.column() != column) continue;
    throw invalid_argument("the profile is sliced by \"", column, "\" already");
  }
  std::uint64_t slots_of_one = 0;
  for (const ColumnProfile& each : columns_) slots_of_one += each.slots();
  const std::uint64_t slots_with_it = slots() + slots_of_one * (values->size() + std::uint64_t{1});
  if (slots_with_it > kMaxProfileSlots) {
    throw resource_exhausted("slices by \"", column, "\": the profile has ", slots_with_it,
                             " cells with them, at most ", kMaxProfileSlots, " are allowed");
  }
  slices_.emplace_back(column, std::move(values), columns_);
}

Profile Profile::part(const Slices& slices, std::size_t i) const {
  Profile rows;
  rows.columns_ = slices.part(i);
  if (!rows.columns_.empty()) rows.rows_ = rows.columns_.front().row_count();
  return rows;
}

Profile Profile::like() const {
  Profile empty;
  for (const ColumnProfile& column : columns_) empty.columns_.push_back(column.like());
  for (const Slices& slices : slices_) empty.slices_.push_back(slices.like());
  return empty;
}

Profile Profile::select(std::span<const std::string> names) const {
  Profile some;
  for (const std::string& name : names) some.add_column(column(name));
  some.rows_ = rows_;
  return some;
}

void Profile::update(const Batch& batch) {
  const Batch flat = with_nulls(flatten(batch));
  std::vector<const Column*> sources;
  for (const ColumnProfile& column : columns_) {
    const std::size_t i = find_column(*flat.schema, column.name);
    const Type& type = flat.field(i).type;
    if (!is_nothing(type)) column.check_takes(type);
    sources.push_back(&flat.columns[i]);
    // Numbers cannot fail; names can, and must before anything is counted.
    if (!std::holds_alternative<Histogram>(column.counts))
      in_column(column.name, [&] { check_column(flat.columns[i]); });
  }
  std::vector<const Column*> slicing;
  for (const Slices& slices : slices_) {
    const std::size_t i = find_column(*flat.schema, slices.column());
    check_slicing(flat.field(i));
    in_column(slices.column(), [&] { check_column(flat.columns[i]); });
    slicing.push_back(&flat.columns[i]);
  }
  for (std::size_t i = 0; i < sources.size(); ++i) columns_[i].update(*sources[i]);
  for (std::size_t i = 0; i < slicing.size(); ++i) slices_[i].update(*slicing[i], sources);
  rows_ += batch.length;
}

// A column of the profile that has gone dark may come without a type.
Batch Profile::with_nulls(Batch batch) const {
  if (std::ranges::none_of(*batch.schema, is_nothing, &Field::type)) return batch;
  struct Held {
    std::shared_ptr<const void> batch;
    Nulls nulls;
  };
  auto held = std::make_shared<Held>(Held{batch.owner, Nulls(batch.length)});
  for (const ColumnProfile& column : columns_) {
    const std::size_t i = find_column(*batch.schema, column.name);
    if (!is_nothing(batch.field(i).type)) continue;
    const bool is_number = std::holds_alternative<Histogram>(column.counts);
    batch.columns[i] = held->nulls.of(is_number ? TypeId::kFloat64 : TypeId::kUtf8);
  }
  batch.owner = std::move(held);
  return batch;
}

void Profile::update(std::span<const Column* const> columns, std::size_t rows) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::holds_alternative<Histogram>(columns_[i].counts)) continue;
    in_column(columns_[i].name, [&] { check_column(*columns[i]); });
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (auto* const numbers = std::get_if<Histogram>(&columns_[i].counts)) {
      numbers->update(*columns[i]);
    } else {
      columns_[i].update(*columns[i]);
    }
  }
  rows_ += rows;
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
    if (!columns_[i].same_map(other.columns_[i])) {
      throw invalid_argument("cannot ", verb, ": column \"", columns_[i].name,
                             "\" has other cells there; make one with like() of the other");
    }
  }
  if (slices_.size() != other.slices_.size()) {
    throw invalid_argument("cannot ", verb, " a profile with ", other.slices_.size(),
                           " slicings and one with ", slices_.size());
  }
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    if (slices_[i].same_map(other.slices_[i])) continue;
    throw invalid_argument("cannot ", verb, ": slices by \"", slices_[i].column(),
                           "\" here, others there; make one with like() of the other");
  }
}

void Profile::merge(const Profile& other) {
  check_columns(other, "merge");
  Profile both = *this;
  for (std::size_t i = 0; i < columns_.size(); ++i) both.columns_[i].merge(other.columns_[i]);
  for (std::size_t i = 0; i < slices_.size(); ++i) both.slices_[i].merge(other.slices_[i]);
  both.rows_ += other.rows_;
  *this = std::move(both);
}

void Profile::subtract(const Profile& other) {
  check_columns(other, "subtract");
  Profile left = *this;
  for (std::size_t i = 0; i < columns_.size(); ++i) left.columns_[i].subtract(other.columns_[i]);
  for (std::size_t i = 0; i < slices_.size(); ++i) left.slices_[i].subtract(other.slices_[i]);
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
  write(out);
  return out.take();
}

void Profile::write(ByteWriter& out) const {
  const std::size_t begin = begin_frame(out, kKind, kProfileVersion);
  out.write_varint(rows_);
  out.write_varint(columns_.size());
  for (const ColumnProfile& column : columns_) column.write(out);
  out.write_varint(slices_.size());
  for (const Slices& slices : slices_) slices.write(out);
  end_frame(out, begin);
}

Profile Profile::from_bytes(std::span<const std::byte> bytes) {
  const Frame frame = open_whole_frame(bytes, "profile", kKind, kProfileVersion);
  ByteReader in(frame.payload, "profile");
  Profile profile;
  profile.rows_ = in.read_varint();
  const std::uint64_t columns = in.read_varint();
  for (std::uint64_t i = 0; i < columns; ++i) {
    ColumnProfile column = ColumnProfile::read(in, frame.version);
    for (const ColumnProfile& other : profile.columns_) {
      if (column.name != other.name) continue;
      throw corrupt_data("profile: two columns \"", column.name, "\"");
    }
    if (column.row_count() != profile.rows_) {
      throw corrupt_data("profile, column \"", column.name, "\": ", column.row_count(),
                         " rows, the profile has ", profile.rows_);
    }
    profile.add_column(std::move(column));
  }
  const std::uint64_t slicings = frame.version == 1 ? 0 : in.read_varint();
  for (std::uint64_t i = 0; i < slicings; ++i) {
    Slices slices = Slices::read(in, profile.columns_, profile.rows_);
    for (const Slices& other : profile.slices_) {
      if (slices.column() != other.column()) continue;
      throw corrupt_data("profile: two slicings by \"", slices.column(), "\"");
    }
    profile.slices_.push_back(std::move(slices));
    if (profile.slots() <= kMaxProfileSlots) continue;
    throw resource_exhausted("profile: ", profile.slots(), " cells, at most ", kMaxProfileSlots,
                             " are allowed");
  }
  in.expect_end();
  return profile;
}

void Profile::write_sized(ByteWriter& out) const {
  const std::vector<std::byte> bytes = to_bytes();
  out.write_varint(bytes.size());
  out.write_bytes(bytes);
}

Profile Profile::read_sized(ByteReader& in) {
  const std::uint64_t size = in.read_varint();
  if (size > in.remaining()) throw corrupt_data(in.section(), ": a profile of ", size, " bytes");
  return from_bytes(in.read_bytes(static_cast<std::size_t>(size)));
}

}  // namespace kedge
