#include "kedge/window/quantile_piece.h"

namespace kedge {

void QuantilePiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    owned_in(block.states[i]).add(values.doubles[i]);
  }
}

std::unique_ptr<Answer> QuantilePiece::quantile(double share) const {
  return answer_of([this, share](const std::byte* state, const TimeRange&) {
    // Not const: it sorts what it is asked about.
    auto* sketch = owned_at<Quantile>(of<std::uint64_t>(state));
    return sketch == nullptr ? std::nullopt : sketch->at(share);
  });
}

}  // namespace kedge
