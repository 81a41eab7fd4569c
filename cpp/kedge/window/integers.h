// Count, sum and extremes of integers, times and bools, exactly.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class IntegerPiece final : public Piece {
 public:
  // `is_unsigned`: the 64 bits of a value are that of an unsigned number.
  IntegerPiece(bool is_unsigned, std::size_t input);

  std::size_t bytes() const noexcept override;
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Null without any value; a sum also when it does not fit into 64 bits.
  std::unique_ptr<Answer> sum() const;
  std::unique_ptr<Answer> mean() const;
  std::unique_ptr<Answer> least() const;
  std::unique_ptr<Answer> greatest() const;
  // Of bools, 0 or 1.
  std::unique_ptr<Answer> any() const;
  std::unique_ptr<Answer> all() const;
  // The sum, rounded to a double once.
  std::optional<double> sum_in(const std::byte* state) const noexcept;

 private:
  std::optional<std::int64_t> least_in(const std::byte* state) const noexcept;
  std::optional<std::int64_t> greatest_in(const std::byte* state) const noexcept;

  std::size_t input_;
  std::uint64_t flip_;  // turns a value's bits into an image that orders as a signed number
  bool is_unsigned_;
};

}  // namespace kedge
