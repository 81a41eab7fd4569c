#include "kedge/kernels/summarize.h"

namespace kedge {
namespace {

// What rounding took from sum + value (Knuth's two-sum), the sum itself in `sum`.
double add_keeping_rest(double& sum, double value) noexcept {
  const double before = sum;
  sum = before + value;
  const double added = sum - before;
  return (before - (sum - added)) + (value - added);
}

template <SummaryParts kParts>
void summarize(const SummaryRows& rows) {
  constexpr std::size_t kRests = rest_word(kParts);
  for (std::size_t i = 0; i < rows.length; ++i) {
    const bool kept = rows.keep == nullptr || rows.keep[i] != 0;
    std::byte* state = (kept ? rows.states[i] : rows.sink) + rows.offset;
    const double value = rows.values[i];
    ++*reinterpret_cast<std::uint64_t*>(state);
    auto* words = reinterpret_cast<double*>(state);
    if constexpr (has_sum(kParts)) words[kRests] += add_keeping_rest(words[1], value);
    if constexpr (has_squares(kParts)) {
      const double square = value * value;
      const double square_rest = __builtin_fma(value, value, -square);
      words[kRests + 1] += add_keeping_rest(words[2], square) + square_rest;
    }
    if constexpr (has_extremes(kParts)) {
      double* extremes = words + extremes_word(kParts);
      extremes[0] = -value > extremes[0] ? -value : extremes[0];
      extremes[1] = value > extremes[1] ? value : extremes[1];
    }
  }
}

}  // namespace

SummarizeVariant summarize_scalar() noexcept {
  return {Isa::kScalar,
          {&summarize<SummaryParts::kSum>, &summarize<SummaryParts::kMoments>,
           &summarize<SummaryParts::kExtremes>, &summarize<SummaryParts::kSumExtremes>,
           &summarize<SummaryParts::kMomentsExtremes>}};
}

}  // namespace kedge
