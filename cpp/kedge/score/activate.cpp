#include "kedge/score/activate.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kRootHalf = 0.7071067811865476;
constexpr double kGeluScale = 0.7978845608028654;  // sqrt(2 / pi)
constexpr double kGeluCube = 0.044715;

double tanh_of(double x) {
  const double size = std::fabs(x);
  if (size < 1e-5) return x;
  const double grown = exp_of(2 * size);
  const double value = 1 - 2 / (grown + 1);
  return x < 0 ? -value : value;
}

// The series of erf near zero, and the continued fraction of its complement farther out.
double erf_of(double x) {
  const double size = std::fabs(x);
  if (size < 2.5) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 60; ++n) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return sum * 1.1283791670955126;  // 2 / sqrt(pi)
  }
  double fraction = 0;
  for (int n = 40; n > 0; --n) fraction = n / 2.0 / (size + fraction);
  const double rest = exp_of(-size * size) * 0.5641895835477563 / (size + fraction);
  return x < 0 ? rest - 1 : 1 - rest;
}

double activated(Activation activation, double alpha, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Activation::kElu:
      return x < 0 ? alpha * (exp_of(x) - 1) : x;
    case Activation::kGelu:
      return x / 2 * (1 + erf_of(x * kRootHalf));
    case Activation::kGeluTanh:
      return x / 2 * (1 + tanh_of(kGeluScale * (x + kGeluCube * x * x * x)));
    case Activation::kTanh:
      return tanh_of(x);
    case Activation::kSigmoid:
      return 1 / (1 + exp_of(-x));
    case Activation::kExp:
      return exp_of(x);
    case Activation::kAbs:
      return std::fabs(x);
    case Activation::kNegate:
      return -x;
    case Activation::kSqrt:
      return std::sqrt(x);
    case Activation::kSoftplus:
      return x > 0 ? x + log1p_of(exp_of(-x)) : log1p_of(exp_of(x));
  }
  return x;
}

template <class Number>
void activate_all(Activation activation, double alpha, const Number* in, Number* out,
                  std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<Number>(activated(activation, alpha, in[i]));
  }
}

}  // namespace

void activate(Activation activation, double alpha, const float* in, float* out,
              std::size_t count) noexcept {
  activate_all(activation, alpha, in, out, count);
}
void activate(Activation activation, double alpha, const double* in, double* out,
              std::size_t count) noexcept {
  activate_all(activation, alpha, in, out, count);
}

double activation_slope(Activation activation, double alpha, double x) noexcept {
  constexpr double kBell = 0.3989422804014327;  // 1 / sqrt(2 pi)
  switch (activation) {
    case Activation::kNone:
      return 1;
    case Activation::kRelu:
      return x < 0 ? 0 : 1;
    case Activation::kLeakyRelu:
      return x < 0 ? alpha : 1;
    case Activation::kElu:
      return x < 0 ? alpha * exp_of(x) : 1;
    case Activation::kGelu:
      return (1 + erf_of(x * kRootHalf)) / 2 + x * kBell * exp_of(-x * x / 2);
    case Activation::kGeluTanh: {
      const double curved = tanh_of(kGeluScale * (x + kGeluCube * x * x * x));
      const double slope = kGeluScale * (1 + 3 * kGeluCube * x * x);
      return (1 + curved) / 2 + x / 2 * (1 - curved * curved) * slope;
    }
    case Activation::kTanh: {
      const double curved = tanh_of(x);
      return 1 - curved * curved;
    }
    case Activation::kSigmoid: {
      const double share = 1 / (1 + exp_of(-x));
      return share * (1 - share);
    }
    case Activation::kExp:
      return exp_of(x);
    case Activation::kAbs:
      return x < 0 ? -1 : 1;
    case Activation::kNegate:
      return -1;
    case Activation::kSqrt:
      return 0.5 / std::sqrt(x);
    case Activation::kSoftplus:
      return 1 / (1 + exp_of(-x));
  }
  return 1;
}

}  // namespace kedge
