// How many different values: exactly while they are few, or always when asked to; else by sketch.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class DistinctPiece final : public Piece {
 public:
  // Up to so many values are counted one by one, and none is forgotten.
  static constexpr std::size_t kFew = 256;

  // Of an input of hashes.
  DistinctPiece(bool exact, std::size_t input) : exact_(exact), input_(input) {}

  std::size_t bytes() const noexcept override { return sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept override { of<std::uint64_t>(state) = 0; }
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  bool owns_memory() const noexcept override { return true; }
  void release(std::byte* state) const noexcept override;
  std::size_t owned_bytes(const std::byte* state) const noexcept override;
  void write(const std::byte* state, ByteWriter& out) const override;
  void read(std::byte* state, ByteReader& in) const override;

  // Never null.
  std::unique_ptr<Answer> count() const;

 private:
  class Values;
  Values& values_in(std::byte* state) const;

  bool exact_;
  std::size_t input_;
};

}  // namespace kedge
