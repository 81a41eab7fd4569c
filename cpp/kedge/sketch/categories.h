// How often each name of a list comes in a column, and what came that is not listed. Counts add, so
// any split of the data into batches, threads or machines, merged in any order, gives the same
// counts, the same novel names and the same bytes.
//
// Nulls are counted apart. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/sketch/category_map.h"
#include "kedge/sketch/counts.h"
#include "kedge/sketch/novel_names.h"

namespace kedge {

class Categories {
 public:
  explicit Categories(std::shared_ptr<const CategoryMap> map);

  // True for strings, bools ("true", "false"), integers ("-17"), and dictionaries of them.
  static bool takes(const Type& type) noexcept;

  // Counts every row of a column of such a type, or throws and counts none: InvalidArgument that
  // names the row whose offset, view or index points outside. O(length).
  void update(const Column& column);

  // The other's map must be equal. subtract throws InvalidArgument, and changes nothing, when the
  // other holds more of any name than this one. Both may lower the number of novel names that are
  // kept: after subtract there can be fewer than a fresh count would keep, never a wrong count.
  void merge(const Categories& other);
  void subtract(const Categories& other);

  const CategoryMap& map() const noexcept { return *map_; }
  const std::shared_ptr<const CategoryMap>& shared_map() const noexcept { return map_; }
  bool same_map(const Categories& other) const {
    return map_ == other.map_ || *map_ == *other.map_;
  }

  std::uint64_t slot_count(std::uint32_t slot) const noexcept { return counts_[slot]; }
  std::uint64_t row_count() const noexcept { return counts_.total(); }
  std::uint64_t null_count() const noexcept { return counts_[map_->null_slot()]; }
  std::uint64_t unlisted_count() const noexcept { return counts_[map_->unlisted_slot()]; }
  // Rows that are not null, listed or not.
  std::uint64_t value_count() const noexcept { return row_count() - null_count(); }

  // Unlisted names, at most kMostNovel, with their exact counts: all of them, or those with the
  // smallest hash_bytes. In falling order of their counts, then by name; a name of more than
  // kMostNameBytes is shortened_name().
  std::vector<NameCount> novel() const { return novel_.names(); }
  bool novel_is_complete() const noexcept { return novel_.is_complete(); }

  // docs/formats.md, "Categories". from_bytes throws CorruptData that names what is wrong.
  std::vector<std::byte> to_bytes() const;
  static Categories from_bytes(std::span<const std::byte> bytes);
  static Categories read(ByteReader& in);

  friend bool operator==(const Categories& a, const Categories& b) {
    return a.same_map(b) && a.counts_ == b.counts_ && a.novel_ == b.novel_;
  }

 private:
  void add_block(std::span<const NameKey> keys, const std::uint64_t* weights);
  void check_map(const Categories& other, std::string_view verb) const;

  std::shared_ptr<const CategoryMap> map_;
  Counts counts_;
  NovelNames novel_;
};

}  // namespace kedge
