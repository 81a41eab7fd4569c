#include "kedge/sketch/slices.h"

#include <algorithm>

#include "kedge/arrow/take.h"
#include "kedge/base/error.h"
#include "kedge/sketch/profile.h"
#include "kedge/sketch/row_parts.h"

namespace kedge {
namespace {

constexpr std::size_t kRowsAtOnce = std::size_t{1} << 17;

std::vector<ColumnProfile> all_like(std::span<const ColumnProfile> columns) {
  std::vector<ColumnProfile> empty;
  for (const ColumnProfile& column : columns) empty.push_back(column.like());
  return empty;
}

}  // namespace

Slices::Slices(std::string column, std::shared_ptr<const CategoryMap> values,
               std::span<const ColumnProfile> columns)
    : column_(std::move(column)), values_(std::move(values)) {
  for (std::uint32_t i = 0; i <= values_->size(); ++i) parts_.push_back(all_like(columns));
}

std::string Slices::name(std::size_t part) const {
  if (part >= values_->size()) return "(others)";
  return std::string(values_->name(static_cast<std::uint32_t>(part)));
}

Slices Slices::like() const { return Slices(column_, values_, parts_.front()); }

bool Slices::same_map(const Slices& other) const {
  const bool same_values = values_ == other.values_ || *values_ == *other.values_;
  if (column_ != other.column_ || !same_values) return false;
  const auto& mine = parts_.front();
  const auto& others = other.parts_.front();
  return std::equal(
      mine.begin(), mine.end(), others.begin(), others.end(),
      [](const ColumnProfile& a, const ColumnProfile& b) { return a.name == b.name; });
}

std::uint64_t Slices::slots() const {
  std::uint64_t slots = 0;
  for (const ColumnProfile& column : parts_.front()) slots += column.slots();
  return slots * parts_.size();
}

void Slices::update(const Column& by, std::span<const Column* const> columns) {
  const auto some = [](const Column& column, std::size_t start, std::size_t rows) {
    Column slice = column;
    slice.offset += start;
    slice.length = rows;
    return slice;
  };
  for (std::size_t start = 0; start < by.length; start += kRowsAtOnce) {
    const std::size_t rows = std::min(kRowsAtOnce, by.length - start);
    std::vector<Column> slices;
    for (const Column* column : columns) slices.push_back(some(*column, start, rows));
    update_some(some(by, start, rows), slices);
  }
}

void Slices::update_some(const Column& by, std::span<const Column> columns) {
  const std::vector<std::uint32_t> slots = slots_of_rows(*values_, by);
  std::vector<std::vector<std::uint32_t>> rows(parts_.size());
  for (std::size_t row = 0; row < slots.size(); ++row) {
    rows[std::min(slots[row], values_->unlisted_slot())].push_back(static_cast<std::uint32_t>(row));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      if (!rows[part].empty()) parts_[part][i].update(take(columns[i], rows[part]).column);
    }
  }
}

void Slices::merge(const Slices& other) {
  auto both = parts_;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    for (std::size_t i = 0; i < parts_[part].size(); ++i) {
      both[part][i].merge(other.parts_[part][i]);
    }
  }
  parts_ = std::move(both);
}

void Slices::subtract(const Slices& other) {
  auto left = parts_;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    for (std::size_t i = 0; i < parts_[part].size(); ++i) {
      left[part][i].subtract(other.parts_[part][i]);
    }
  }
  parts_ = std::move(left);
}

void Slices::write(ByteWriter& out) const {
  out.write_string(column_);
  values_->write(out);
  for (const auto& part : parts_) {
    for (const ColumnProfile& column : part) column.write(out);
  }
}

Slices Slices::read(ByteReader& in, std::span<const ColumnProfile> columns, std::uint64_t rows) {
  std::string name(in.read_string());
  ByteReader rest(in.slice(in.position(), in.remaining()),
                  text(in.section(), ", slices by \"", name, "\""));
  auto values = std::make_shared<const CategoryMap>(CategoryMap::read(rest));
  if (values->size() > kMostSlices) {
    throw corrupt_data(rest.section(), ": ", values->size(), " values, at most ", kMostSlices);
  }
  std::uint64_t slots = 0;
  for (const ColumnProfile& column : columns) slots += column.slots();
  if (slots * (values->size() + std::uint64_t{1}) > kMaxProfileSlots) {
    throw resource_exhausted(rest.section(), ": ", values->size() + 1, " parts of ", slots,
                             " cells, at most ", kMaxProfileSlots, " are allowed");
  }
  Slices slices(std::move(name), std::move(values), columns);
  std::vector<std::uint64_t> seen(columns.size());
  for (auto& part : slices.parts_) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      ColumnProfile column = ColumnProfile::read(rest, kProfileVersion);
      if (column.name != columns[i].name || column.type != columns[i].type ||
          column.distinct != columns[i].distinct || !column.same_map(columns[i])) {
        throw corrupt_data(rest.section(), ": column \"", column.name, "\" is not the profile's");
      }
      seen[i] += column.row_count();
      part[i].merge(column);  // over the profile's own map, which one copy of is enough
    }
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (seen[i] == rows) continue;
    throw corrupt_data(rest.section(), ", column \"", columns[i].name, "\": ", seen[i],
                       " rows, the profile has ", rows);
  }
  in.read_bytes(rest.position());
  return slices;
}

}  // namespace kedge
