#include "kedge/drift/logistic.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {

void Logistic::learn(std::span<const std::uint32_t> features, double base, bool label,
                     double importance) noexcept {
  // Twenty features move a score by at most 2 a row. An area looks at the scores' order alone, so
  // that weights which are all too small do no harm.
  constexpr double kStep = 0.1;
  const double chance = 1 / (1 + exp_of(-(base + score(features))));
  const double gradient = (chance - (label ? 1.0 : 0.0)) * importance;
  for (const std::uint32_t feature : features) {
    State& state = states_[feature];
    state.squares += gradient * gradient;
    state.weight -= kStep * gradient / std::sqrt(state.squares);
  }
}

}  // namespace kedge
