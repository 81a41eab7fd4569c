// Quantiles of the values of a window: any number of them from one sketch.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class Quantile;

class QuantilePiece final : public Piece {
 public:
  QuantilePiece(double error, std::size_t input) : error_(error), input_(input) {}

  std::size_t bytes() const noexcept override { return sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept override { of<std::uint64_t>(state) = 0; }
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  bool owns_memory() const noexcept override { return true; }
  void release(std::byte* state) const noexcept override;
  std::size_t owned_bytes(const std::byte* state) const noexcept override;
  void write(const std::byte* state, ByteWriter& out) const override;
  void read(std::byte* state, ByteReader& in) const override;

  // Null without any value.
  std::unique_ptr<Answer> quantile(double share) const;

 private:
  Quantile& sketch_in(std::byte* state) const;

  double error_;
  std::size_t input_;
};

}  // namespace kedge
