#include "kedge/score/link.h"

#include <algorithm>
#include <numbers>

#include "kedge/base/math.h"

namespace kedge {
namespace {

double linked(Link link, double scale, double x) {
  switch (link) {
    case Link::kIdentity:
    case Link::kSoftmax:
      break;
    case Link::kSigmoid:
      return 1 / (1 + exp_of(-scale * x));
    case Link::kExp:
      return exp_of(x);
    case Link::kLog1pExp:
      return log1p_of(exp_of(x));
    case Link::kSignedSquare:
      return x < 0 ? -x * x : x * x;
    case Link::kHalvedPower:
      return exp_of(-scale * x * std::numbers::ln2);
    case Link::kStep:
      return x > 0 ? 1 : 0;
  }
  return x;
}

template <class Value>
void softmax(std::size_t outputs, Value* scores) {
  const double most = *std::max_element(scores, scores + outputs);
  double sum = 0;
  for (std::size_t k = 0; k < outputs; ++k) sum += exp_of(scores[k] - most);
  for (std::size_t k = 0; k < outputs; ++k) {
    scores[k] = static_cast<Value>(exp_of(scores[k] - most) / sum);
  }
}

template <class Value>
void apply(const Scoring& scoring, std::size_t rows, Value* scores) {
  if (scoring.sum_of != 1) {
    for (std::size_t i = 0; i < rows * scoring.outputs; ++i) {
      scores[i] = static_cast<Value>(scores[i] / scoring.sum_of);
    }
  }
  if (scoring.link == Link::kIdentity) return;
  for (std::size_t i = 0; i < rows; ++i, scores += scoring.outputs) {
    if (scoring.link == Link::kSoftmax) {
      softmax(scoring.outputs, scores);
      continue;
    }
    for (std::size_t k = 0; k < scoring.outputs; ++k) {
      scores[k] = static_cast<Value>(linked(scoring.link, scoring.link_scale, scores[k]));
    }
  }
}

}  // namespace

void apply_link(const Scoring& scoring, std::size_t rows, double* scores) noexcept {
  apply(scoring, rows, scores);
}
void apply_link(const Scoring& scoring, std::size_t rows, float* scores) noexcept {
  apply(scoring, rows, scores);
}

std::string_view link_name(Link link) noexcept {
  constexpr std::string_view kNames[] = {"identity",     "sigmoid",       "softmax",      "exp",
                                         "log(1 + exp)", "signed square", "halved power", "step"};
  return kNames[static_cast<std::size_t>(link)];
}

}  // namespace kedge
