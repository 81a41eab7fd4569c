#include "kedge/window/decay.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kLogOf2 = 0.6931471805599453;

// Weights are relative to the newest row: in the mean it does not matter to what.
struct State {
  std::uint64_t count;
  std::int64_t newest;
  double weights;
  double weighted;
};

double weight_of(std::int64_t newer, std::int64_t older, double halflife) noexcept {
  const std::uint64_t age = static_cast<std::uint64_t>(newer) - static_cast<std::uint64_t>(older);
  return exp_of(-kLogOf2 * (static_cast<double>(age) / halflife));
}

// A weight is zero only by rounding, so an infinity stays one however old it is.
double weigh(double sum, double weight) noexcept { return std::isinf(sum) ? sum : sum * weight; }

void add(State& state, const State& other, double halflife) noexcept {
  if (other.count == 0) return;
  if (state.count == 0) {
    state = other;
    return;
  }
  state.count += other.count;
  double theirs = 1;
  if (other.newest > state.newest) {
    const double ours = weight_of(other.newest, state.newest, halflife);
    state.newest = other.newest;
    state.weights *= ours;
    state.weighted = weigh(state.weighted, ours);
  } else if (other.newest < state.newest) {
    theirs = weight_of(state.newest, other.newest, halflife);
  }
  state.weights += theirs * other.weights;
  state.weighted += weigh(other.weighted, theirs);
}

}  // namespace

std::size_t DecayPiece::bytes() const noexcept { return sizeof(State); }

void DecayPiece::init(std::byte* state) const noexcept { of<State>(state) = {}; }

void DecayPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    add(of<State>(block.states[i]), {1, block.times[i], 1, values.doubles[i]}, halflife_);
  }
}

void DecayPiece::merge(std::byte* into, const std::byte* from) const {
  add(of<State>(into), of<State>(from), halflife_);
}

std::unique_ptr<Answer> DecayPiece::mean() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<double> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    return state.weighted / state.weights;
  });
}

}  // namespace kedge
