// Bytes times a matrix of int8 plus a bias, in whole numbers: the same bits in any order of adding.
//
// A byte q stands for (q - zero) * scale. Of output k
//   sum  = bias[k] + sum of weight[j][k] * x[j], an int32: zeros of the inputs are in the bias
//   byte = clamp(zero + ((sum * multiplier[k] + 2^(shift[k] - 1)) >> shift[k]), low, 255)
//          in 64 bits, the shift downwards: a half is rounded up, whatever its sign, which is one
//          addition and one shift on every machine
//   or, for floats, float(sum) * scale[k] + offset[k], rounded after each of the three.
// The sum cannot overflow: 2^30 of bias and kMostInt8Inputs times 255 * 128 stay below 2^31. With
// multiplier < 2^31 and shift >= 31 what is shifted is no larger than the sum, and a zero can be
// added to it in 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

inline constexpr std::size_t kInt8Lanes = 16;      // outputs of a panel
inline constexpr std::size_t kInt8LineBytes = 64;  // four inputs of them: output by output
// Of a panel: bias, multiplier (or scale), shift (or offset), and one line that is kept free.
inline constexpr std::size_t kInt8ChannelWords = 64;
inline constexpr std::size_t kMostInt8Inputs = 32768;
inline constexpr std::int32_t kMostInt8Bias = 1 << 30;
inline constexpr std::int32_t kLeastInt8Shift = 31;
inline constexpr std::int32_t kMostInt8Shift = 62;

constexpr std::size_t int8_panels(std::size_t outputs) noexcept {
  return (outputs + kInt8Lanes - 1) / kInt8Lanes;
}
constexpr std::size_t int8_groups(std::size_t inputs) noexcept { return (inputs + 3) / 4; }

struct Int8Call {
  const std::uint8_t* x;  // whole groups: what is behind the last input meets weights of zero
  std::size_t x_stride;
  void* out;  // rows of whole panels, bytes or floats
  std::size_t out_stride;
  const std::int8_t* weights;    // on a cache line, as are `channels`
  const std::int32_t* channels;  // kInt8ChannelWords of each panel; scale and offset are floats
  std::size_t rows;
  std::size_t groups;
  std::size_t panels;
  std::int32_t zero;
  bool relu;  // bytes: low is the zero; floats: what is below 0 becomes 0
};

// Rows of floats to bytes: the product with the factor, rounded to float, of which NaN is 0;
// clamped to -zero .. 255 - zero; rounded to the nearest whole number, halves to the even one; plus
// zero, a whole number itself. Writes whole panels, 0 behind the last column; reads no further than
// that.
struct Int8Inputs {
  const float* x;
  std::size_t x_stride;
  const float* factors;  // of each column, as are `zeros`
  const float* zeros;
  std::uint8_t* out;
  std::size_t out_stride;
  std::size_t rows;
  std::size_t columns;
};

using Int8Quantize = void (*)(const Int8Inputs&) noexcept;
using Int8Kernel = void (*)(const Int8Call&) noexcept;

struct Int8Variant {
  Isa isa;
  Int8Kernel to_bytes;
  Int8Kernel to_floats;
  Int8Quantize quantize;
};

// Row 0 is the scalar reference.
std::span<const Int8Variant> dense_int8_variants() noexcept;

Int8Variant dense_int8_scalar() noexcept;
#if defined(__x86_64__)
Int8Variant dense_int8_avx2() noexcept;
Int8Variant dense_int8_avx512() noexcept;
Int8Variant dense_int8_amx() noexcept;
#elif defined(__ARM_NEON)
Int8Variant dense_int8_neon() noexcept;
#if defined(__aarch64__)
Int8Variant dense_int8_dotprod() noexcept;
#endif
#endif

}  // namespace kedge
