// Skewness and kurtosis, from the sums of the first four powers to twice a double's digits.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class PowersPiece final : public Piece {
 public:
  explicit PowersPiece(std::size_t input) : input_(input) {}

  std::size_t bytes() const noexcept override;
  std::size_t plain_words() const noexcept override { return 1; }
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Of the values as a whole population: m3 / m2^1.5 and m4 / m2^2 - 3. Null without a value, NaN
  // when all are equal.
  std::unique_ptr<Answer> skew() const;
  std::unique_ptr<Answer> kurtosis() const;

 private:
  std::size_t input_;
};

}  // namespace kedge
