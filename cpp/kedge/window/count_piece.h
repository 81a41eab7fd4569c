// How many rows count for an aggregate.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

// The counts in one word of states.
inline ColumnPiece counts_by_column(std::size_t word, std::size_t input) {
  return {word, 1, input, &select_variant(summary_columns_variants(), active_isa()).count};
}
inline void read_counts(const WordColumns& columns, std::size_t word, std::size_t length,
                        std::uint64_t* values, std::uint8_t* valid) {
  std::copy_n(columns.word<std::uint64_t>(word), length, values);
  std::fill_n(valid, length, std::uint8_t{1});
}

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

  std::optional<ColumnPiece> by_columns() const noexcept override {
    return counts_by_column(offset() / sizeof(std::uint64_t), input_);
  }

  std::uint64_t count_in(const std::byte* state) const noexcept { return of<std::uint64_t>(state); }
  std::unique_ptr<Answer> count() const {
    return column_answer([this](const WordColumns& columns, std::size_t length,
                                std::uint64_t* values, std::uint8_t* valid) {
      read_counts(columns, offset() / sizeof(std::uint64_t), length, values, valid);
    });
  }

 private:
  std::size_t input_;
};

}  // namespace kedge
