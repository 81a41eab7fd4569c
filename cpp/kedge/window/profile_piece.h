// A column counted over the cells or names of a reference: a profile of it.
#pragma once

#include <memory>
#include <string>

#include "kedge/sketch/column_profile.h"
#include "kedge/window/owning_piece.h"

namespace kedge {

// The one column of a stored profile. Throws InvalidArgument when there are more or none, and as
// Profile::from_bytes does.
ColumnProfile reference_column(const std::string& stored);

// What a state owns.
class CountedColumn {
 public:
  explicit CountedColumn(ColumnProfile column) : column_(std::move(column)) {}

  ColumnProfile& column() noexcept { return column_; }
  const ColumnProfile& column() const noexcept { return column_; }

  void merge(const CountedColumn& other) { column_.merge(other.column_); }
  // Near enough: counters that a large stream or unlisted names need are beside them.
  std::size_t bytes() const noexcept;
  void write(ByteWriter& out) const;
  // Throws CorruptData when it is a profile over other cells.
  void read(ByteReader& in);

 private:
  ColumnProfile column_;
};

class ProfilePiece final : public OwningPiece<CountedColumn> {
 public:
  // Of an input of doubles where the reference is of numbers, else of columns. Nulls count as such;
  // the rows that count are those of the input `wanted`.
  ProfilePiece(const ColumnProfile& reference, std::size_t wanted, std::size_t input)
      : empty_(reference.like()), wanted_(wanted), input_(input) {}

  void update(const Block& block) const override;

  // A stored Profile of one column, never null.
  std::unique_ptr<Result> profile() const;

 private:
  CountedColumn make() const override { return CountedColumn(empty_); }
  void update_numbers(const Block& block) const;
  void update_names(const Block& block) const;

  ColumnProfile empty_;
  std::size_t wanted_;
  std::size_t input_;
};

}  // namespace kedge
