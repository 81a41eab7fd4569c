#include "kedge/window/user_column.h"

#include <algorithm>
#include <array>

#include "kedge/arrow/numeric.h"
#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/window/piece.h"
#include "kedge/window/user_spec.h"

namespace kedge {

UserColumn::UserColumn(UserColumnCode code, std::vector<Input> inputs)
    : code_(code), inputs_(std::move(inputs)) {
  type_.id = code_.result;
}

// Some rows of the columns as the code wants them.
class UserColumn::Block {
 public:
  Block(std::span<const Input> inputs, std::span<const Column* const> columns)
      : inputs_(inputs), columns_(columns), memory_(inputs.size() * kFoldRows), keep_(kFoldRows) {}

  void read(std::size_t start, std::size_t length) {
    has_nulls_ = false;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Column& column = *columns_[i];
      std::uint64_t* memory = memory_.data() + i * kFoldRows;
      values_[i] = memory;
      if (column.type == TypeId::kFloat64) {
        values_[i] = column.data<double>() + start;
      } else if (inputs_[i].is_double) {
        read_doubles(column, start, length, reinterpret_cast<double*>(memory));
      } else {
        read_integers(column, start, length, reinterpret_cast<std::int64_t*>(memory));
      }
      if (column.validity == nullptr) continue;
      if (!has_nulls_) std::fill_n(keep_.begin(), length, std::uint8_t{1});
      has_nulls_ = true;
      for (std::size_t row = 0; row < length; ++row) {
        if (column.is_null(start + row)) keep_[row] = 0;
      }
    }
  }

  const void* const* values() const noexcept { return values_.data(); }
  const std::uint8_t* keep() const noexcept { return has_nulls_ ? keep_.data() : nullptr; }

 private:
  std::span<const Input> inputs_;
  std::span<const Column* const> columns_;
  std::vector<std::uint64_t> memory_;
  std::vector<std::uint8_t> keep_;
  std::array<const void*, kMostUserInputs> values_{};
  bool has_nulls_ = false;
};

ComputedColumn UserColumn::evaluate(std::span<const Column* const> columns,
                                    std::size_t length) const {
  const bool is_bool = type_.id == TypeId::kBool;
  ComputedColumn out;
  out.values = Buffer(is_bool ? bitmap_bytes(length) : length * sizeof(std::uint64_t));
  out.validity = Buffer(bitmap_bytes(length));
  auto* const validity = out.validity.as<std::uint8_t>().data();
  Block block(inputs_, columns);
  std::array<std::uint64_t, kFoldRows> flags;
  std::array<std::uint8_t, kFoldRows> valid;
  bool has_nulls = false;
  for (std::size_t start = 0; start < length; start += kFoldRows) {
    const std::size_t rows = std::min(kFoldRows, length - start);
    block.read(start, rows);
    auto* const values = is_bool ? flags.data() : out.values.as<std::uint64_t>().data() + start;
    if (code_.apply(block.values(), block.keep(), rows, values, valid.data()) != 0) {
      throw invalid_argument("its function raised an exception");
    }
    for (std::size_t i = 0; i < rows; ++i) {
      has_nulls |= valid[i] == 0;
      if (valid[i] != 0) set_bit(validity, start + i);
      if (is_bool && flags[i] != 0) set_bit(out.values.as<std::uint8_t>().data(), start + i);
    }
  }
  out.column.type = type_.id;
  out.column.length = length;
  out.column.values = out.values.data();
  out.column.validity = has_nulls ? validity : nullptr;
  return out;
}

}  // namespace kedge
