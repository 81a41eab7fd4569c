// What the columns of a table looked like: counts of each, over cells or names that were chosen
// when the reference was made. A profile keeps no row.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/sketch/column_profile.h"
#include "kedge/sketch/slices.h"

namespace kedge {

// All columns of one profile together; a small file must not claim a large memory.
inline constexpr std::uint64_t kMaxProfileSlots = std::uint64_t{1} << 26;
inline constexpr std::uint32_t kProfileVersion = 2;

struct ProfileOptions {
  std::uint32_t cells = 4096;             // of a column of numbers
  std::uint32_t max_categories = 10'000;  // listed by name; what is rarer is counted together
  bool exact = false;                     // a counter for each value of the reference
  std::vector<std::string> columns;       // all when empty; "a.b" is a struct's child
  std::vector<std::string> categorical;   // integers and bools to be taken as categories
  std::map<std::string, std::vector<double>> cuts;  // cells given by their bounds
  std::vector<std::string> slices;                  // columns whose values part the rows
};

class Profile {
 public:
  // Chooses cells or names for each column from a first look at all rows (sketch/outline), then
  // counts every row. Throws as Outline does.
  static Profile of(const std::shared_ptr<const Schema>& schema, std::span<const Batch> batches,
                    const ProfileOptions& options);

  // One column and its rows.
  static Profile of(ColumnProfile column);

  // Throws InvalidArgument for a second column of that name, ResourceExhausted beyond
  // kMaxProfileSlots.
  void add_column(ColumnProfile column);
  // The columns once more for each of the values, when all columns are there. Throws
  // InvalidArgument for a second slicing by that column, ResourceExhausted as above.
  void add_slices(const std::string& column, std::shared_ptr<const CategoryMap> values);

  // The same cells and names, nothing counted.
  Profile like() const;
  // These columns, without slices. Throws InvalidArgument for a name that is not there or comes
  // twice.
  Profile select(std::span<const std::string> names) const;

  // Counts every row of the batch, or throws and counts none: a profiled column is missing, its
  // type cannot be counted as this profile's, or a string points outside. Columns that the profile
  // lacks are ignored.
  void update(const Batch& batch);
  // The same of a profile without slices, for whoever found the columns before: one for each of
  // the profile's, in its order, of a type that check_takes() lets pass, of `rows` rows.
  void update(std::span<const Column* const> columns, std::size_t rows);
  void merge(const Profile& other);
  void subtract(const Profile& other);

  const std::vector<ColumnProfile>& columns() const noexcept { return columns_; }
  const ColumnProfile& column(std::string_view name) const;
  const std::vector<Slices>& slices() const noexcept { return slices_; }
  // The rows of one part of a slicing, as a profile without slices.
  Profile part(const Slices& slices, std::size_t i) const;
  std::uint64_t row_count() const noexcept { return rows_; }

  // docs/formats.md, "Profile". from_bytes throws CorruptData that names the column, and
  // ResourceExhausted beyond kMaxProfileSlots.
  std::vector<std::byte> to_bytes() const;
  void write(ByteWriter& out) const;
  static Profile from_bytes(std::span<const std::byte> bytes);
  // The same within something stored: a varint length, then those bytes.
  void write_sized(ByteWriter& out) const;
  static Profile read_sized(ByteReader& in);

  friend bool operator==(const Profile&, const Profile&) = default;

 private:
  std::uint64_t slots() const;
  Batch with_nulls(Batch batch) const;
  void check_columns(const Profile& other, std::string_view verb) const;

  std::vector<ColumnProfile> columns_;
  std::vector<Slices> slices_;
  std::uint64_t rows_ = 0;
};

}  // namespace kedge
