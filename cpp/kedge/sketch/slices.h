// The columns of a profile once more for each of a few values of one column, so that a report can
// say which part of the rows changed. Rows with other values, and those with none, are pooled.
//
// Counts add, subtract and agree to the bit as those of the profile do. Thread safety: one writer,
// or many readers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kedge/sketch/category_map.h"
#include "kedge/sketch/column_profile.h"

namespace kedge {

inline constexpr std::uint32_t kMostSlices = 32;  // by value, for one column

class Slices {
 public:
  // Nothing counted, over the cells and names of `columns`.
  Slices(std::string column, std::shared_ptr<const CategoryMap> values,
         std::span<const ColumnProfile> columns);

  const std::string& column() const noexcept { return column_; }
  // One for each value, in rising order of their bytes, then the pool.
  std::size_t size() const noexcept { return parts_.size(); }
  std::string name(std::size_t part) const;
  const std::vector<ColumnProfile>& part(std::size_t i) const noexcept { return parts_[i]; }

  Slices like() const;
  // The same slicing column and values; the columns too.
  bool same_map(const Slices& other) const;
  std::uint64_t slots() const;

  // `by` is the slicing column and `columns` are the profiled ones, in their order. All have been
  // checked, so nothing can fail.
  void update(const Column& by, std::span<const Column* const> columns);
  // All or nothing; the other has the same values.
  void merge(const Slices& other);
  void subtract(const Slices& other);

  // docs/formats.md, "Profile". read throws CorruptData unless the parts have the cells of
  // `columns` and their rows add up to `rows`.
  void write(ByteWriter& out) const;
  static Slices read(ByteReader& in, std::span<const ColumnProfile> columns, std::uint64_t rows);

  friend bool operator==(const Slices& a, const Slices& b) {
    return a.column_ == b.column_ && *a.values_ == *b.values_ && a.parts_ == b.parts_;
  }

 private:
  void update_some(const Column& by, std::span<const Column> columns);

  std::string column_;
  std::shared_ptr<const CategoryMap> values_;
  std::vector<std::vector<ColumnProfile>> parts_;
};

}  // namespace kedge
