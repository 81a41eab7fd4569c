// Rows times a matrix plus a bias: sums begin with the bias and go on in the order of the inputs,
// each output by itself. So every variant, however many rows and outputs it takes at once, gives
// the same bits: of floats by fused multiply-adds, of doubles by a product and a sum.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

// Numbers of a cache line: the outputs of a panel. Panel p of the weights has kPanelLanes for each
// input and begins at p * inputs * kPanelLanes.
template <class Number>
inline constexpr std::size_t kPanelLanes = 64 / sizeof(Number);

template <class Number>
struct DenseCall {
  const Number* x;  // rows of `inputs` numbers
  std::size_t x_stride;
  Number* out;  // rows of `panels` whole panels
  std::size_t out_stride;
  const Number* weights;  // on a cache line, as is `bias`
  const Number* bias;
  std::size_t rows;
  std::size_t inputs;
  std::size_t panels;
  bool relu;  // what is below zero becomes zero; NaN stays
};

template <class Number>
using DenseKernel = void (*)(const DenseCall<Number>&) noexcept;

struct DenseVariant {
  Isa isa;
  DenseKernel<float> of_f32;
  DenseKernel<double> of_f64;
};

// Row 0 is the scalar reference.
std::span<const DenseVariant> dense_variants() noexcept;

DenseVariant dense_scalar() noexcept;
#if defined(__x86_64__)
DenseVariant dense_avx2() noexcept;
DenseVariant dense_avx512() noexcept;
#elif defined(__aarch64__)
DenseVariant dense_neon() noexcept;
#endif

}  // namespace kedge
