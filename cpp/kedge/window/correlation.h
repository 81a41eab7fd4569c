// How two columns go together, over the rows in which both have a value.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class CorrelationPiece final : public Piece {
 public:
  CorrelationPiece(std::size_t x, std::size_t y) : x_(x), y_(y) {}

  std::size_t bytes() const noexcept override;
  std::size_t plain_words() const noexcept override { return 1; }
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Pearson's. Null below two rows, NaN when either column has one value only.
  std::unique_ptr<Answer> pearson() const;

 private:
  std::size_t x_;
  std::size_t y_;
};

}  // namespace kedge
