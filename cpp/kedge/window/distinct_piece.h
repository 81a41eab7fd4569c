// How many different values: exactly while they are few, or always when asked to; else by sketch.
#pragma once

#include <memory>

#include "kedge/window/distinct_values.h"
#include "kedge/window/owning_piece.h"

namespace kedge {

class DistinctPiece final : public OwningPiece<DistinctValues> {
 public:
  // Of an input of hashes.
  DistinctPiece(bool exact, std::size_t input) : exact_(exact), input_(input) {}

  void update(const Block& block) const override;

  // Never null.
  std::unique_ptr<Answer> count() const;

 private:
  DistinctValues make() const override { return DistinctValues(exact_); }

  bool exact_;
  std::size_t input_;
};

}  // namespace kedge
