#include "kedge/kernels/tree_shap.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

// Of the vectors that every x86-64 and 64-bit ARM has; elsewhere compilers make two numbers of it.
using Lanes = double __attribute__((vector_size(16), may_alias));
using Pack [[gnu::aligned(8), gnu::may_alias]] = double __attribute__((vector_size(16)));
using Pick = long long __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 2;

inline Pick pick(std::uint64_t bits) {
  return Pick{-static_cast<long long>(bits & 1), -static_cast<long long>(bits >> 1 & 1)};
}
inline Lanes select(Pick pick, Lanes a, Lanes b) {
  return reinterpret_cast<Lanes>((reinterpret_cast<Pick>(a) & pick) |
                                 (reinterpret_cast<Pick>(b) & ~pick));
}
inline Lanes every(double x) { return Lanes{x, x}; }
inline Lanes only(Pick pick, double x) {
  return reinterpret_cast<Lanes>(reinterpret_cast<Pick>(every(x)) & pick);
}
inline std::uint64_t right_of(const std::uint32_t* codes, std::uint32_t test) {
  std::uint64_t bits = 0;
  for (std::size_t j = 0; j < kBlockRows; ++j) bits |= std::uint64_t{codes[j] > test} << j;
  return bits;
}

inline double total(const Pack* halves) {
  const Pack pairs = halves[0] + halves[1];
  return pairs[0] + pairs[1];
}

#include "kedge/kernels/tree_shap_loop.h"
#include "kedge/kernels/tree_shap_row_loop.h"

}  // namespace

ShapVariant tree_shap_scalar() noexcept {
  return {Isa::kScalar, ask_block, explain_block, explain_row};
}

}  // namespace kedge
