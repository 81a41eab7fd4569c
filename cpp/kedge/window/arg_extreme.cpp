#include "kedge/window/arg_extreme.h"

#include "kedge/base/bits.h"

namespace kedge {
namespace {

struct State {
  std::uint64_t rows;
  std::uint64_t image;    // the greatest one so far: of the value, or against its order
  std::uint64_t arrival;  // of the row that has it
  std::uint64_t said;
  std::uint64_t said_valid;
};

void offer(State& state, const State& row) noexcept {
  const bool is_better = state.rows == 0 || row.image > state.image ||
                         (row.image == state.image && row.arrival < state.arrival);
  const std::uint64_t rows = state.rows + row.rows;
  if (is_better) state = row;
  state.rows = rows;
}

}  // namespace

std::size_t ArgExtremePiece::bytes() const noexcept { return sizeof(State); }

void ArgExtremePiece::init(std::byte* state) const noexcept { of<State>(state) = {}; }

std::optional<std::uint64_t> ArgExtremePiece::image(const Values& values,
                                                    std::size_t row) const noexcept {
  std::uint64_t image = 0;
  if (value_.integers) {
    image = static_cast<std::uint64_t>(values.integers[row]) ^
            (is_unsigned_ ? 0 : std::uint64_t{1} << 63);
  } else {
    const double value = values.doubles[row];
    if (value != value) return std::nullopt;
    image = ordered_bits(value + 0.0);  // both zeros are equal
  }
  return greatest_ ? image : ~image;
}

void ArgExtremePiece::update(const Block& block) const {
  const Values& values = block.inputs[value_.input];
  const Values& others = block.inputs[said_.input];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    const auto row = image(values, i);
    if (!row) continue;
    const std::uint64_t said = said_.integers ? static_cast<std::uint64_t>(others.integers[i])
                                              : std::bit_cast<std::uint64_t>(others.doubles[i]);
    offer(of<State>(block.states[i]), {1, *row, block.arrival + i, said, others.keeps(i)});
  }
}

void ArgExtremePiece::merge(std::byte* into, const std::byte* from) const {
  const State& other = of<State>(from);
  if (other.rows != 0) offer(of<State>(into), other);
}

std::unique_ptr<Answer> ArgExtremePiece::said() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<std::uint64_t> {
    const State& state = of<State>(at);
    if (state.rows == 0 || state.said_valid == 0) return {};
    return state.said;
  });
}

}  // namespace kedge
