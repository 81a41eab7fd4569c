#include "kedge/kernels/rank.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

// Eight searches at a time: each step waits for a load, and the loads of eight wait together.
template <class Value>
void ranks(const CutHeap<Value>& heap, const Value* values, std::uint32_t* ranks) {
  constexpr std::size_t kLanes = 8;
  for (std::size_t i = 0; i < kBlockRows; i += kLanes) {
    std::uint32_t at[kLanes];
    for (std::size_t j = 0; j < kLanes; ++j) at[j] = 1;
    for (std::uint32_t level = 0; level < heap.levels; ++level) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        at[j] = 2 * at[j] + (values[i + j] >= heap.cuts[at[j]] ? 1 : 0);
      }
    }
    for (std::size_t j = 0; j < kLanes; ++j) ranks[i + j] = at[j] - (1u << heap.levels);
  }
}

// The cuts rise, and NaN behind them is reached by nothing.
template <class Value>
std::uint32_t reached(Value value, const Value* block) {
  std::uint32_t count = 0;
  for (std::uint32_t half = kFanWidth / 2; half > 0; half /= 2) {
    count += value >= block[count + half - 1] ? half : 0;
  }
  return count + (value >= block[count] ? 1 : 0);
}

#include "kedge/kernels/rank_fan_loop.h"

}  // namespace

RankVariant rank_scalar() noexcept {
  return {Isa::kScalar, ranks<float>, ranks<double>, fan_ranks<float>, fan_ranks<double>};
}

}  // namespace kedge
