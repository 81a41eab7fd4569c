// Quantiles of the values of a window: any number of them from one sketch.
#pragma once

#include <memory>

#include "kedge/sketch/quantile.h"
#include "kedge/window/owning_piece.h"

namespace kedge {

class QuantilePiece final : public OwningPiece<Quantile> {
 public:
  QuantilePiece(double error, std::size_t input) : error_(error), input_(input) {}

  void update(const Block& block) const override;

  // Null without any value.
  std::unique_ptr<Answer> quantile(double share) const;

 private:
  Quantile make() const override { return Quantile(error_); }

  double error_;
  std::size_t input_;
};

}  // namespace kedge
