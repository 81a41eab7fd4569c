// The keys of a stream, numbered: 0, 1, 2, .. in the order they came, for as long as they are in
// use. Windows keep their states by these numbers, so that no window hashes a key again.
//
// Several columns are numbered one by one, then pairs of their numbers are, from left to right.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/window/key_column.h"
#include "kedge/window/key_order.h"
#include "kedge/window/number_table.h"

namespace kedge {

class Keys {
 public:
  // Without fields there is one key, number 0, that all rows have. Throws as make_key_column.
  explicit Keys(const std::vector<Field>& fields);

  // The number of each row's key. `columns` are those of the fields, checked. An error leaves keys
  // that no row has, which `keep` takes out.
  void encode(std::span<const Column* const> columns, std::span<std::uint32_t> ids);
  std::uint32_t size() const noexcept;

  // All ids by the order of their keys: column by column, nulls first. Until the next change.
  std::span<const std::uint32_t> order();
  // Whether a stands before b there.
  bool before(std::uint32_t a, std::uint32_t b) const noexcept;
  // Well mixed, the same for the same key everywhere.
  void hash(std::span<const std::uint32_t> ids, std::uint64_t* hashes) const;
  // The keys' values, one column for each field from `first` on.
  void append(std::span<const std::uint32_t> ids, Output& out, std::size_t first) const;

  // Forgets the keys whose byte is 0; the others are numbered anew in their old order.
  void keep(std::span<const std::uint8_t> kept);

  std::size_t bytes() const noexcept;
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  // The numbers of column `c` in the keys `ids`, from the pairs that they end.
  std::vector<std::uint32_t> column_ids(std::span<const std::uint32_t> ids, std::size_t c) const;

  std::vector<std::unique_ptr<KeyColumn>> columns_;
  std::vector<NumberTable> pairs_;  // pairs_[i] joins what came before with column i + 1
  std::vector<std::uint32_t> order_;
  std::uint32_t ordered_ = 0;
};

}  // namespace kedge
