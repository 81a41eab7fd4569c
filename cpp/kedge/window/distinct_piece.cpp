#include "kedge/window/distinct_piece.h"

#include <cmath>

namespace kedge {

void DistinctPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    owned_in(block.states[i]).add(static_cast<std::uint64_t>(values.integers[i]));
  }
}

std::unique_ptr<Answer> DistinctPiece::count() const {
  return answer_of([this](const std::byte* state, const TimeRange&) {
    const DistinctValues* const values = owned_in(state);
    return std::optional<std::uint64_t>(
        values == nullptr ? 0 : static_cast<std::uint64_t>(std::floor(values->count() + 0.5)));
  });
}

}  // namespace kedge
