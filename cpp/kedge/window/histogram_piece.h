// How many values lie between given bounds: below the first, from each to before the next, at or
// above the last.
#pragma once

#include <memory>
#include <vector>

#include "kedge/arrow/type.h"
#include "kedge/window/piece.h"

namespace kedge {

class HistogramPiece final : public Piece {
 public:
  // Of integers or doubles, as the numeric `source` has them; `bounds` as histogram_bounds gives
  // them. NaN is not counted. Integers are compared exactly.
  HistogramPiece(const std::vector<double>& bounds, const Type& source, std::size_t input);

  std::size_t bytes() const noexcept override { return cells_ * sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // A list of the cells' counts, never null.
  std::unique_ptr<Result> counts() const;

 private:
  std::size_t cell_of(std::uint64_t image) const noexcept;
  std::span<const std::uint64_t> counts_in(const std::byte* state) const noexcept {
    return {&of<std::uint64_t>(state), cells_};
  }

  std::size_t cells_;
  bool is_unsigned_;
  std::vector<std::uint64_t> cuts_;  // images of the bounds that values can reach
  std::size_t input_;
};

}  // namespace kedge
