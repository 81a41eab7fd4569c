// The names in a column, block by block: what category counters read. A name is a string, or the
// text of a bool or an integer ("true", "-17"). Nulls are counted and left out.
//
// Columns with few values are tallied first, so that each of them is made a name once: dictionaries
// that are no longer than the column, bools, integers of a small range. Their names come in the
// dictionary's or in rising order, each with the number of its rows; all other names come in the
// order of their rows.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/sketch/string_table.h"

namespace kedge {

class NameReader {
 public:
  static constexpr std::size_t kBlock = 128;

  // True for strings, bools, integers and dictionaries of them.
  static bool takes(const Type& type) noexcept;

  // Everything is checked here: throws InvalidArgument that names the row whose offset, view or
  // index points outside. The column must outlive the reader.
  explicit NameReader(const Column& column);

  // Reads up to kBlock names; false when there are no more.
  bool next() noexcept;
  // They point into the column or the reader, until the following next().
  std::span<const NameKey> keys() const noexcept { return {keys_.data(), filled_}; }
  // How many rows have each of them; absent when that is one.
  const std::uint64_t* weights() const noexcept { return is_tallied_ ? weights_.data() : nullptr; }
  std::uint64_t null_count() const noexcept { return nulls_; }

 private:
  static constexpr std::size_t kDigits = 20;  // of the smallest int64

  void tally_dictionary();
  void tally_bools();
  template <class Integer>
  void tally_integers();
  template <class Integer>
  void count_range(std::uint64_t least, std::size_t range);

  void read_tallied() noexcept;
  void read_rows(std::size_t start, std::size_t rows) noexcept;
  template <class Offset>
  void read_offsets(std::size_t start, std::size_t rows) noexcept;
  void read_views(std::size_t start, std::size_t rows) noexcept;
  NameKey key_of(const Column& column, std::size_t row) noexcept;
  NameKey decimal_key(std::uint64_t bits, bool is_signed) noexcept;

  const Column& column_;
  std::uint64_t nulls_ = 0;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool is_tallied_ = false;
  bool is_signed_ = false;
  std::uint64_t least_ = 0;             // the integer of the first counter
  std::vector<std::uint64_t> tallies_;  // a counter for each entry, bool or integer
  std::array<NameKey, kBlock> keys_;
  std::array<std::uint64_t, kBlock> weights_;
  char digits_[kBlock][kDigits];
};

// The keys of rows of a column of strings that has been checked; of those that are null, any.
void read_keys(const Column& column, std::size_t first, std::span<NameKey> out) noexcept;
// The name in a row that is not null, of a column that has been checked.
std::string name_at(const Column& column, std::size_t row);
// The entry of the dictionary that a row points to, likewise.
std::size_t entry_at(const Column& column, std::size_t row) noexcept;

}  // namespace kedge
