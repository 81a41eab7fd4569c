// Included by each variant, in its namespace, after it has defined KEDGE_TARGET: plain loops over
// columns, which compilers turn into vectors of the target's width.

// In operations that every instruction set has in vectors; rounded once.
KEDGE_TARGET inline double as_double(std::uint64_t count) {
  const std::uint64_t low = (count & 0xffffffff) | 0x4330000000000000;
  const std::uint64_t high = (count >> 32) | 0x4530000000000000;
  constexpr double kOffsets = 0x1p84 + 0x1p52;
  return (__builtin_bit_cast(double, high) - kOffsets) + __builtin_bit_cast(double, low);
}
KEDGE_TARGET inline std::uint64_t bits_or_nan(double value) {
  return value == value ? __builtin_bit_cast(std::uint64_t, value) : 0x7ff8000000000000;
}
// After an overflow the rest means nothing.
KEDGE_TARGET inline double sum_of(double high, double low) {
  const double rest = high - high == 0 ? low : 0.0;
  return high + rest;
}

KEDGE_TARGET inline void mark_counted(const std::uint64_t* counts, std::size_t length,
                                      std::uint8_t* valid) {
  for (std::size_t i = 0; i < length; ++i) valid[i] = counts[i] != 0;
}

KEDGE_TARGET void sums_from(const WordColumns& columns, std::size_t rest, std::size_t length,
                            std::uint64_t* values, std::uint8_t* valid) {
  const auto* const counts = columns.word<std::uint64_t>(0);
  const double* const highs = columns.word<double>(1);
  const double* const lows = columns.word<double>(rest);
  for (std::size_t i = 0; i < length; ++i) {
    values[i] = counts[i] != 0 ? bits_or_nan(sum_of(highs[i], lows[i])) : 0;
  }
  mark_counted(counts, length, valid);
}

KEDGE_TARGET void means_from(const WordColumns& columns, std::size_t rest, std::size_t length,
                             std::uint64_t* values, std::uint8_t* valid) {
  const auto* const counts = columns.word<std::uint64_t>(0);
  const double* const highs = columns.word<double>(1);
  const double* const lows = columns.word<double>(rest);
  for (std::size_t i = 0; i < length; ++i) {
    const double mean = sum_of(highs[i], lows[i]) / as_double(counts[i]);
    values[i] = counts[i] != 0 ? bits_or_nan(mean) : 0;
  }
  mark_counted(counts, length, valid);
}

// The count times the sum of squares, less the square of the sum: the variance times the count and
// the count less its degrees of freedom. All to twice a double's digits until the end.
KEDGE_TARGET inline double spread_of(double count, double high, double low, double squares_high,
                                     double squares_low) {
  const double sum = high + low;
  const double sum_rest = low - (sum - high);
  const double squared = sum * sum;
  const double squared_rest = __builtin_fma(sum, sum, -squared) + 2 * sum * sum_rest;
  const double squares = squares_high * count;
  const double squares_rest = __builtin_fma(squares_high, count, -squares) + squares_low * count;
  const double spread = squares - squared;
  const double taken = spread - squares;
  const double rest = (squares - (spread - taken)) - (squared + taken);
  return spread + (rest + (squares_rest - squared_rest));
}

KEDGE_TARGET inline double variance_of(double spread, double count, double ddof) {
  return (spread < 0 ? 0 : spread) / (count * (count - ddof));
}

template <bool kRoot>
KEDGE_TARGET void spreads_from(const WordColumns& columns, double ddof, std::size_t length,
                               std::uint64_t* values, std::uint8_t* valid) {
  const auto* const counts = columns.word<std::uint64_t>(0);
  const double* words[5];
  for (std::size_t w = 1; w < 5; ++w) words[w] = columns.word<double>(w);
  for (std::size_t i = 0; i < length; ++i) {
    const double count = as_double(counts[i]);
    const double spread = spread_of(count, words[1][i], words[3][i], words[2][i], words[4][i]);
    const double variance = variance_of(spread, count, ddof);
    const double value = kRoot ? __builtin_sqrt(variance) : variance;
    values[i] = count > ddof ? bits_or_nan(value) : 0;
  }
  for (std::size_t i = 0; i < length; ++i) valid[i] = as_double(counts[i]) > ddof;
}

// NaN when there was nothing but NaN.
template <bool kLeast>
KEDGE_TARGET void extremes_from(const WordColumns& columns, std::size_t extremes,
                                std::size_t length, std::uint64_t* values, std::uint8_t* valid) {
  const auto* const counts = columns.word<std::uint64_t>(0);
  const double* const least = columns.word<double>(extremes);
  const double* const greatest = columns.word<double>(extremes + 1);
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_nan = (least[i] == kNothing) & (greatest[i] == kNothing);
    const double value = kLeast ? -least[i] : greatest[i];
    const std::uint64_t bits =
        is_nan ? 0x7ff8000000000000 : __builtin_bit_cast(std::uint64_t, value);
    values[i] = counts[i] != 0 ? bits : 0;
  }
  mark_counted(counts, length, valid);
}

constexpr SummaryAnswers answers() {
  return {&sums_from,          &means_from,          &spreads_from<false>,
          &spreads_from<true>, &extremes_from<true>, &extremes_from<false>};
}

constexpr SummaryColumnsVariant variant_of(Isa isa) {
  return {isa,
          answers(),
          count_merges(),
          {merges_of<SummaryParts::kSum>(), merges_of<SummaryParts::kMoments>(),
           merges_of<SummaryParts::kExtremes>(), merges_of<SummaryParts::kSumExtremes>(),
           merges_of<SummaryParts::kMomentsExtremes>()}};
}
