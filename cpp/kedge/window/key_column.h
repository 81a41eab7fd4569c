// The values of one key column, numbered in the order they came; null is a value of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/base/bytes.h"
#include "kedge/window/output.h"

namespace kedge {

class KeyColumn {
 public:
  virtual ~KeyColumn() = default;

  // The id of each row's value; a value that was not there gets the next one. The column has the
  // type it was made for, and has been checked (arrow/check.h).
  virtual void encode(const Column& column, std::uint32_t* ids) = 0;
  virtual std::uint32_t size() const noexcept = 0;
  // All ids, null first, then by value: numbers by size, strings by bytes.
  virtual std::span<const std::uint32_t> order() = 0;
  // Whether a stands before b in that order.
  virtual bool before(std::uint32_t a, std::uint32_t b) const noexcept = 0;
  // Exclusive or with each value's hash: the same bits for the same value everywhere.
  virtual void hash_with(std::span<const std::uint32_t> ids,
                         std::uint64_t* hashes) const noexcept = 0;
  virtual void append(std::span<const std::uint32_t> ids, OutputColumn& out) const = 0;
  // Forgets the values whose byte is 0; the others are numbered anew in their old order.
  virtual void keep(std::span<const std::uint8_t> kept) = 0;
  virtual std::size_t bytes() const noexcept = 0;
  virtual void write(ByteWriter& out) const = 0;
  virtual void read(ByteReader& in) = 0;
};

// Throws Unsupported that names the column when its values cannot be keys.
std::unique_ptr<KeyColumn> make_key_column(const Field& field);
// The type of the column that comes out: a dictionary's values.
Type key_output_type(const Type& type);

}  // namespace kedge
