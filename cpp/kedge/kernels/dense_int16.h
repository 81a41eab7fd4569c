// int16 times a matrix of int16 plus a bias, in whole numbers: the same bits in any order of
// adding.
//
// A number q stands for q * scale, -32767 <= q <= 32767. Of output k
//   sum   = bias[k] + sum of weight[j][k] * x[j], an int64
//   short = clamp((sum * multiplier[k] + 2^(shift[k] - 1)) >> shift[k], low, 32767), the shift
//           downwards: a half is rounded up; low is 0 behind a ReLU, else -32767
//   or, for floats, float(sum) * scale[k] + offset[k], rounded after each of the three.
// Of each output and each block of kInt16Block inputs, the sizes of the weights add up to at most
// kMostInt16Weights: 65536 * 32767 < 2^31, so a block is added in int32, and no product of a pair
// overflows. Blocks are added in int64: 128 of them and 2^38 of bias stay below 2^39, so that a
// product with a multiplier < 2^23 stays below 2^62, and with the half below 2^63.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

inline constexpr std::size_t kInt16Lanes = 16;        // outputs of a panel
inline constexpr std::size_t kInt16LineNumbers = 32;  // two inputs of them: output by output
inline constexpr std::size_t kInt16LineBytes = 64;
// Of a panel: bias (of two words), multiplier (or scale), shift (or offset).
inline constexpr std::size_t kInt16ChannelWords = 64;
inline constexpr std::size_t kInt16Block = 256;
inline constexpr std::size_t kMostInt16Inputs = 32768;
inline constexpr std::int32_t kMostInt16 = 32767;
inline constexpr std::int32_t kMostInt16Weights = 65536;
inline constexpr std::int64_t kMostInt16Bias = std::int64_t{1} << 38;
inline constexpr std::int32_t kInt16MultiplierBits = 23;
inline constexpr std::int32_t kLeastInt16Shift = 23;
inline constexpr std::int32_t kMostInt16Shift = 62;

constexpr std::size_t int16_panels(std::size_t outputs) noexcept {
  return (outputs + kInt16Lanes - 1) / kInt16Lanes;
}
constexpr std::size_t int16_pairs(std::size_t inputs) noexcept { return (inputs + 1) / 2; }

struct Int16Call {
  const std::int16_t* x;  // whole pairs: what is behind the last input meets weights of zero
  std::size_t x_stride;
  void* out;  // rows of whole panels, int16 or floats
  std::size_t out_stride;
  const std::int16_t* weights;   // on a cache line, as are `channels`
  const std::int32_t* channels;  // kInt16ChannelWords of each panel; scale and offset are floats
  std::size_t rows;
  std::size_t pairs;
  std::size_t panels;
  bool relu;
};

// Rows of floats to int16: the product with the factor, rounded to float, of which NaN is 0;
// clamped to -32767 .. 32767; rounded to the nearest whole number, halves to the even one. Writes
// whole pairs, 0 behind the last column.
struct Int16Inputs {
  const float* x;
  std::size_t x_stride;
  const float* factors;  // of each column
  std::int16_t* out;
  std::size_t out_stride;
  std::size_t rows;
  std::size_t columns;
};

using Int16Quantize = void (*)(const Int16Inputs&) noexcept;
using Int16Kernel = void (*)(const Int16Call&) noexcept;

struct Int16Variant {
  Isa isa;
  Int16Kernel to_shorts;
  Int16Kernel to_floats;
  Int16Quantize quantize;
};

// Row 0 is the scalar reference.
std::span<const Int16Variant> dense_int16_variants() noexcept;

Int16Variant dense_int16_scalar() noexcept;
#if defined(__x86_64__)
Int16Variant dense_int16_avx2() noexcept;
#endif

}  // namespace kedge
