// What the columns of a table looked like: one histogram each, over cells that were chosen when the
// reference was made. A profile keeps no row.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/sketch/histogram.h"

namespace kedge {

// All columns of one profile together; a small file must not claim a large memory.
inline constexpr std::uint64_t kMaxProfileSlots = std::uint64_t{1} << 26;

struct ColumnProfile {
  std::string name;
  std::string type;  // as type_name gives it
  Histogram histogram;

  friend bool operator==(const ColumnProfile&, const ColumnProfile&) = default;
};

class Profile {
 public:
  // Chooses cells for each of the named columns (all when none is named; "a.b" is a struct's child)
  // from a sample that depends on the rows alone, then counts every row. Throws Unsupported for a
  // column that is not numeric.
  static Profile of(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches,
                    std::uint32_t cells, std::span<const std::string> columns = {});

  // The same cells, nothing counted.
  Profile like() const;

  // Counts every row of the batch, or throws and counts none: a profiled column is missing, or its
  // type is no number where this profile's is one. Columns that the profile lacks are ignored.
  void update(const Batch& batch);
  void merge(const Profile& other);
  void subtract(const Profile& other);

  const std::vector<ColumnProfile>& columns() const noexcept { return columns_; }
  const ColumnProfile& column(std::string_view name) const;
  std::uint64_t row_count() const noexcept { return rows_; }

  // docs/formats.md, "Profile". from_bytes throws CorruptData that names the column, and
  // ResourceExhausted beyond kMaxProfileSlots.
  std::vector<std::byte> to_bytes() const;
  static Profile from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const Profile&, const Profile&) = default;

 private:
  void add_column(std::string name, std::string type, Histogram histogram);
  void check_columns(const Profile& other, std::string_view verb) const;

  std::vector<ColumnProfile> columns_;
  std::uint64_t rows_ = 0;
};

}  // namespace kedge
