// The first and the last value by time; of rows of one time the first and the last to arrive.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class EndsPiece final : public Piece {
 public:
  // `integers`: values are kept as such, not as doubles.
  EndsPiece(bool integers, std::size_t input) : integers_(integers), input_(input) {}

  std::size_t bytes() const noexcept override;
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Null without any value.
  std::unique_ptr<Answer> first() const;
  std::unique_ptr<Answer> last() const;
  // Last less first: of integers in 64 bits, null when it does not fit.
  std::unique_ptr<Answer> delta() const;

 private:
  bool integers_;
  std::size_t input_;
};

}  // namespace kedge
