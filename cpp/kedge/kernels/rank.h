// How many cuts a value reaches: the one loop that turns a block of rows into codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"
#include "kedge/kernels/cut_heap.h"

namespace kedge {

inline constexpr std::size_t kBlockRows = 64;  // one byte each fill an AVX-512 register

// The ranks of kBlockRows values. Every variant gives the same.
template <class Value>
using RankKernel = void (*)(const CutHeap<Value>&, const Value* values, std::uint32_t* ranks);

// The same cuts for one value at a time: in blocks of sixteen, the last ones filled up with NaN.
// The last cuts of the full blocks are the cuts of the level above, until there is one block. So
// each level is one comparison of sixteen, and the searches for the values of a row are
// independent.
inline constexpr std::size_t kFanWidth = 16;
inline constexpr std::uint32_t kMostFanLevels = 6;  // 16^6 cuts
struct Fan {
  std::uint32_t levels;
  std::uint32_t start[kMostFanLevels];  // of each level, the single block first
};

// `length` values, each through a fan of its own.
template <class Value>
using FanKernel = void (*)(const Fan* fans, const Value* cuts, const Value* values,
                           std::size_t length, std::uint32_t* ranks);

struct RankVariant {
  Isa isa;
  RankKernel<float> rank_f32;
  RankKernel<double> rank_f64;
  FanKernel<float> fan_f32;
  FanKernel<double> fan_f64;
};

// Row 0 is the scalar reference.
std::span<const RankVariant> rank_variants() noexcept;

RankVariant rank_scalar() noexcept;
#if defined(__x86_64__)
RankVariant rank_avx2() noexcept;
RankVariant rank_avx512() noexcept;
#elif defined(__aarch64__)
RankVariant rank_neon() noexcept;
#endif

}  // namespace kedge
