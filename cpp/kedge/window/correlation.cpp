#include "kedge/window/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/twofold.h"

namespace kedge {
namespace {

struct State {
  std::uint64_t count;
  Twofold x, y, xx, yy, xy;  // sums
};

// Sum of products about the means; less than rounding leaves of equal values is none.
double about_means(Twofold products, Twofold a, Twofold b, double count) noexcept {
  const double rest = (products - a * b / count).value();
  return std::fabs(rest) > std::fabs(products.value()) * 0x1p-90 ? rest : 0;
}

}  // namespace

std::size_t CorrelationPiece::bytes() const noexcept { return sizeof(State); }

void CorrelationPiece::init(std::byte* state) const noexcept { of<State>(state) = {}; }

void CorrelationPiece::update(const Block& block) const {
  const Values& xs = block.inputs[x_];
  const Values& ys = block.inputs[y_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!xs.keeps(i) || !ys.keeps(i)) continue;
    State& state = of<State>(block.states[i]);
    const double x = xs.doubles[i], y = ys.doubles[i];
    ++state.count;
    state.x = state.x + Twofold{x, 0};
    state.y = state.y + Twofold{y, 0};
    state.xx = state.xx + exact_product(x, x);
    state.yy = state.yy + exact_product(y, y);
    state.xy = state.xy + exact_product(x, y);
  }
}

void CorrelationPiece::merge(std::byte* into, const std::byte* from) const {
  State& state = of<State>(into);
  const State& other = of<State>(from);
  state.count += other.count;
  for (Twofold State::* sum : {&State::x, &State::y, &State::xx, &State::yy, &State::xy}) {
    state.*sum = state.*sum + other.*sum;
  }
}

std::unique_ptr<Answer> CorrelationPiece::pearson() const {
  return answer_of([this](const std::byte* at, const TimeRange&) -> std::optional<double> {
    const State& state = of<State>(at);
    if (state.count < 2) return {};
    const auto count = static_cast<double>(state.count);
    const double xx = about_means(state.xx, state.x, state.x, count);
    const double yy = about_means(state.yy, state.y, state.y, count);
    const double xy = about_means(state.xy, state.x, state.y, count);
    if (!(xx > 0 && yy > 0)) return std::numeric_limits<double>::quiet_NaN();
    return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
  });
}

}  // namespace kedge
