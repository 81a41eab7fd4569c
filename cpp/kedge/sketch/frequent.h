// The most frequent names of a column, in one pass and bounded memory. While there are no more than
// `capacity` different names, every count is exact. Beyond, the rarer half is dropped whenever the
// table is full, and a count may be too high, never too low.
//
// This is SpaceSaving with evictions in bulk: a name that comes back starts at the largest count
// that was ever dropped. Each drop takes that much from more than capacity / 2 names, so error() is
// below 2 * rows / capacity, and every name with more rows than error() is here.
//
// The same rows in the same order give the same names and counts, however they are split into
// columns; a dictionary's rows (or those of a small integer range) stand in the order of its
// entries. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/sketch/name_reader.h"
#include "kedge/sketch/string_table.h"

namespace kedge {

struct FrequentName {
  std::string name;  // shortened_name() of the value
  std::uint64_t count;
  std::uint64_t error;  // the value came count - error .. count times

  friend bool operator==(const FrequentName&, const FrequentName&) = default;
};

class Frequent {
 public:
  // At least 2; throws InvalidArgument otherwise. Memory grows with the names, up to some 300 bytes
  // for each of `capacity` names if they are long.
  explicit Frequent(std::uint32_t capacity);

  // Counts the column's rows; Categories::takes() says which types. Throws InvalidArgument that
  // names the row, and counts nothing, when one points outside. O(1) a row on average.
  void update(const Column& column);
  // The same for one block of a NameReader, whose nulls it does not see.
  void add(std::span<const NameKey> keys, const std::uint64_t* weights);

  std::uint64_t row_count() const noexcept { return rows_; }
  std::uint64_t null_count() const noexcept { return nulls_; }
  // No count is higher than the truth by more than this, and no name that is absent came more
  // often.
  std::uint64_t error() const noexcept { return error_; }
  // True while no name was dropped, so that the names are all there are.
  bool distinct_seen_exactly() const noexcept { return error_ == 0; }
  std::uint32_t name_count() const noexcept { return table_.size(); }

  // The first `most` names in falling order of their counts, then by name.
  std::vector<FrequentName> top(std::size_t most) const;

 private:
  struct Counter {
    std::uint64_t count;
    std::uint64_t error;
  };

  void add(const NameKey& key, std::uint64_t count);
  void drop_rarer_half();

  std::uint32_t capacity_;
  StringTable table_;
  std::vector<Counter> counters_;  // by number in the table
  std::uint64_t rows_ = 0;
  std::uint64_t nulls_ = 0;
  std::uint64_t error_ = 0;
};

}  // namespace kedge
