#include "kedge/window/quantile_piece.h"

#include "kedge/sketch/quantile.h"
#include "kedge/window/owned_state.h"

namespace kedge {

Quantile& QuantilePiece::sketch_in(std::byte* state) const {
  auto& address = of<std::uint64_t>(state);
  if (address == 0) address = address_of(new Quantile(error_));
  return *owned_at<Quantile>(address);
}

void QuantilePiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    sketch_in(block.states[i]).add(values.doubles[i]);
  }
}

void QuantilePiece::merge(std::byte* into, const std::byte* from) const {
  const auto* other = owned_at<const Quantile>(of<std::uint64_t>(from));
  if (other != nullptr) sketch_in(into).merge(*other);
}

void QuantilePiece::release(std::byte* state) const noexcept {
  auto& address = of<std::uint64_t>(state);
  delete owned_at<Quantile>(address);
  address = 0;
}

std::size_t QuantilePiece::owned_bytes(const std::byte* state) const noexcept {
  const auto* sketch = owned_at<const Quantile>(of<std::uint64_t>(state));
  return sketch == nullptr ? 0 : sketch->bytes();
}

void QuantilePiece::write(const std::byte* state, ByteWriter& out) const {
  const auto* sketch = owned_at<const Quantile>(of<std::uint64_t>(state));
  if (sketch == nullptr) return Quantile(error_).write(out);
  sketch->write(out);
}

void QuantilePiece::read(std::byte* state, ByteReader& in) const { sketch_in(state).read(in); }

std::unique_ptr<Answer> QuantilePiece::quantile(double share) const {
  return answer_of([this, share](const std::byte* state, const TimeRange&) {
    auto* sketch = owned_at<Quantile>(of<std::uint64_t>(state));
    return sketch == nullptr ? std::nullopt : sketch->at(share);
  });
}

}  // namespace kedge
