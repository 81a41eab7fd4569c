// A mean in which a row counts half as much for each half-life that it is older.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class DecayPiece final : public Piece {
 public:
  // In ticks of the time column.
  DecayPiece(std::size_t input, double halflife) : input_(input), halflife_(halflife) {}

  std::size_t bytes() const noexcept override;
  std::size_t plain_words() const noexcept override { return 2; }
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Null without any value.
  std::unique_ptr<Answer> mean() const;

 private:
  std::size_t input_;
  double halflife_;
};

}  // namespace kedge
