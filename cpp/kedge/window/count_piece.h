// How many rows count for an aggregate.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class CountPiece final : public Piece {
 public:
  explicit CountPiece(std::size_t input) : input_(input) {}

  std::size_t bytes() const noexcept override { return sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept override { of<std::uint64_t>(state) = 0; }
  void update(const Block& block) const override {
    const Values& values = block.inputs[input_];
    for (std::size_t i = 0; i < block.length; ++i) {
      of<std::uint64_t>(block.states[i]) += values.keeps(i) ? 1 : 0;
    }
  }
  void merge(std::byte* into, const std::byte* from) const override {
    of<std::uint64_t>(into) += of<std::uint64_t>(from);
  }

  std::uint64_t count_in(const std::byte* state) const noexcept { return of<std::uint64_t>(state); }
  std::unique_ptr<Answer> count() const {
    return answer_of([this](const std::byte* state, const TimeRange&) {
      return std::optional<std::uint64_t>(count_in(state));
    });
  }

 private:
  std::size_t input_;
};

}  // namespace kedge
