// All aggregates of a definition over one schema: which pieces a state has, how rows change it, and
// what is answered from it.
//
// Thread safety: one caller at a time.
#pragma once

#include <memory>
#include <vector>

#include "kedge/window/inputs.h"
#include "kedge/window/piece.h"
#include "kedge/window/spec.h"
#include "kedge/window/user_code.h"

namespace kedge {

// A state's first word is how many rows it has.
inline std::uint64_t& rows_in(std::byte* state) noexcept {
  return *reinterpret_cast<std::uint64_t*>(state);
}
inline std::uint64_t rows_in(const std::byte* state) noexcept {
  return *reinterpret_cast<const std::uint64_t*>(state);
}

class Aggregation {
 public:
  // Throws InvalidArgument and Unsupported that name the aggregate, and what `codes` throw.
  Aggregation(const WindowSpec& spec, const std::shared_ptr<const Schema>& schema,
              const UserCodes* codes);
  Aggregation(const Aggregation&) = delete;
  Aggregation& operator=(const Aggregation&) = delete;

  Inputs& inputs() noexcept { return inputs_; }
  // Bytes from one state to the next: whole cache lines, or an even share of one.
  std::size_t stride() const noexcept { return stride_; }
  // Whether states own memory, so that they must be released and cannot be copied as bytes.
  bool owns_memory() const noexcept { return !owners_.empty(); }

  // Words of a state, and the pieces that can lie word by word, the count of rows first.
  std::size_t words() const noexcept { return bytes_ / sizeof(std::uint64_t); }
  const std::vector<ColumnPiece>& column_pieces() const noexcept { return column_pieces_; }
  // Whether these are all, and all that answers look at.
  bool is_by_columns() const noexcept { return is_by_columns_; }

  void init(std::byte* state) const noexcept;
  void update(const Block& block) const;
  void merge(std::byte* into, const std::byte* from) const;
  // As Piece has them; not when states own memory.
  void merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                  std::size_t length) const;
  void prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                    std::size_t length) const;
  // What the state owns; then it is as init makes it.
  void reset(std::byte* state) const noexcept;
  std::size_t owned_bytes(const std::byte* state) const noexcept;
  void write(const std::byte* state, ByteWriter& out) const;
  void read(std::byte* state, ByteReader& in) const;
  // The same of states that own no memory: their stored form has so many bytes.
  std::size_t bytes() const noexcept { return bytes_; }
  void copy_stored(const std::byte* state, std::byte* to) const noexcept;

  // The columns that come out, one for each aggregate, and what is in them.
  const std::vector<Field>& fields() const noexcept { return fields_; }
  const std::vector<std::unique_ptr<Result>>& results() const noexcept { return results_; }

 private:
  friend class AggregateBuilder;

  Inputs inputs_;
  std::vector<std::unique_ptr<Piece>> pieces_;
  std::vector<Piece*> owners_;  // those that own memory
  std::vector<ColumnPiece> column_pieces_;
  bool is_by_columns_ = false;
  std::vector<Field> fields_;
  std::vector<std::unique_ptr<Result>> results_;
  std::vector<std::byte> empty_;               // a state as init makes it
  std::size_t bytes_ = sizeof(std::uint64_t);  // of a state, the rest up to the stride left out
  std::size_t stride_ = 0;
  std::vector<std::uint64_t> doubles_;  // for each word of a state: all ones where it is a double
};

}  // namespace kedge
