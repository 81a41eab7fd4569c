#include "kedge/window/powers.h"

#include <cmath>
#include <limits>

#include "kedge/base/twofold.h"

namespace kedge {
namespace {

struct State {
  std::uint64_t count;
  Twofold sums[4];  // of the first to the fourth power
};

struct CentralMoments {
  double second;
  double third;
  double fourth;
};

CentralMoments central_moments(const State& state) noexcept {
  const auto count = static_cast<double>(state.count);
  const Twofold m = state.sums[0] / count;
  const Twofold p2 = state.sums[1] / count, p3 = state.sums[2] / count, p4 = state.sums[3] / count;
  const Twofold m2 = m * m;
  return {(p2 - m2).value(), (p3 - m * p2 * 3 + m2 * m * 2).value(),
          (p4 - m * p3 * 4 + m2 * p2 * 6 - m2 * m2 * 3).value()};
}

// What is left of equal values is rounding: nothing of theirs is spread.
bool is_spread(const State& state, double second) noexcept {
  const double square = state.sums[1].value() / static_cast<double>(state.count);
  return second > square * 0x1p-90;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::size_t PowersPiece::bytes() const noexcept { return sizeof(State); }

void PowersPiece::init(std::byte* state) const noexcept { of<State>(state) = {}; }

void PowersPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i)) continue;
    State& state = of<State>(block.states[i]);
    const Twofold value{values.doubles[i], 0};
    Twofold power = value;
    ++state.count;
    for (Twofold& sum : state.sums) {
      sum = sum + power;
      power = power * value;
    }
  }
}

void PowersPiece::merge(std::byte* into, const std::byte* from) const {
  State& state = of<State>(into);
  const State& other = of<State>(from);
  state.count += other.count;
  for (std::size_t i = 0; i < 4; ++i) state.sums[i] = state.sums[i] + other.sums[i];
}

std::unique_ptr<Answer> PowersPiece::skew() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<double> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    const CentralMoments moments = central_moments(state);
    if (!is_spread(state, moments.second)) return kNan;
    return moments.third / (moments.second * std::sqrt(moments.second));
  });
}

std::unique_ptr<Answer> PowersPiece::kurtosis() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<double> {
    const State& state = of<State>(at);
    if (state.count == 0) return {};
    const CentralMoments moments = central_moments(state);
    if (!is_spread(state, moments.second)) return kNan;
    return moments.fourth / (moments.second * moments.second) - 3;
  });
}

}  // namespace kedge
