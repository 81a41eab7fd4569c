// What a column of free text looked like: how long its values are, and how they spread over 1024
// hash buckets, where a value that takes over shows as a step. Counts add, so any split of the data
// into batches, threads or machines, merged in any order, gives the same bytes.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <memory>

#include "kedge/arrow/column.h"
#include "kedge/sketch/histogram.h"

namespace kedge {

class Text {
 public:
  // `lengths` maps a value's length in bytes.
  explicit Text(std::shared_ptr<const CellMap> lengths);

  // True for strings and dictionaries of them.
  static bool takes(const Type& type) noexcept;

  // Counts every row of such a column, or throws and counts none: InvalidArgument that names the
  // row whose offset, view or index points outside.
  void update(const Column& column);
  // As of Histogram.
  void merge(const Text& other);
  void subtract(const Text& other);

  const Histogram& lengths() const noexcept { return lengths_; }
  // By the highest ten bits of hash_bytes.
  const Histogram& buckets() const noexcept { return buckets_; }

  Text like() const { return Text(lengths_.shared_map()); }
  bool same_map(const Text& other) const { return lengths_.same_map(other.lengths_); }
  std::uint64_t slots() const noexcept;
  std::uint64_t row_count() const noexcept { return lengths_.row_count(); }
  std::uint64_t null_count() const noexcept { return lengths_.null_count(); }

  // docs/formats.md, "Profile". read throws CorruptData that names what is wrong.
  void write(ByteWriter& out) const;
  static Text read(ByteReader& in);

  friend bool operator==(const Text&, const Text&) = default;

 private:
  Histogram lengths_;
  Histogram buckets_;
};

}  // namespace kedge
