// Included by each variant, in its namespace, after it has defined KEDGE_TARGET: plain loops over
// columns, which compilers turn into vectors of the target's width.

constexpr double kNothing = -__builtin_inf();

// What rounding took from sum = a + b (Knuth's two-sum).
KEDGE_TARGET inline double rest_of(double a, double b, double sum) {
  const double added = sum - a;
  return (a - (sum - added)) + (b - added);
}
KEDGE_TARGET inline double greater_of(double first, double then) {
  return then > first ? then : first;
}

constexpr std::size_t sums_of(SummaryParts parts) {
  return has_squares(parts) ? 2 : has_sum(parts) ? 1 : 0;
}

KEDGE_TARGET void single_count(const WordColumns& to, const double*, const std::uint8_t* keep,
                               std::size_t length) {
  auto* const counts = to.word<std::uint64_t>(0);
  for (std::size_t i = 0; i < length; ++i) counts[i] = 1;
  if (keep == nullptr) return;
  for (std::size_t i = 0; i < length; ++i) counts[i] = keep[i] != 0;
}
KEDGE_TARGET void counts_forward(const WordColumns& columns, std::size_t length) {
  auto* const counts = columns.word<std::uint64_t>(0);
  for (std::size_t i = 1; i < length; ++i) counts[i] += counts[i - 1];
}
KEDGE_TARGET void counts_backward(const WordColumns& columns, std::size_t length) {
  auto* const counts = columns.word<std::uint64_t>(0);
  for (std::size_t i = length; i-- > 1;) counts[i - 1] += counts[i];
}
template <std::size_t kStep>
KEDGE_TARGET void prepend_counts(const WordColumns& into, const WordColumns& before,
                                 std::size_t length) {
  auto* const counts = into.word<std::uint64_t>(0);
  const auto* const counts_before = before.word<std::uint64_t>(0);
  for (std::size_t i = 0; i < length; ++i) counts[i] += counts_before[i * kStep];
}
constexpr SummaryMerges count_merges() {
  return {&single_count, &counts_forward, &counts_backward, &prepend_counts<1>, &prepend_counts<0>};
}

// A row that does not count is an empty summary.
template <SummaryParts kParts>
KEDGE_TARGET void drop(const WordColumns& to, const std::uint8_t* keep, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) {
    if (keep[i] != 0) continue;
    for (std::size_t w = 1; w < summary_words(kParts); ++w) {
      const bool is_extreme = has_extremes(kParts) && w >= extremes_word(kParts);
      to.word<double>(w)[i] = is_extreme ? kNothing : 0.0;
    }
  }
}

template <SummaryParts kParts>
KEDGE_TARGET void single(const WordColumns& to, const double* values, const std::uint8_t* keep,
                         std::size_t length) {
  single_count(to, nullptr, keep, length);
  if constexpr (has_sum(kParts)) {
    double* const sums = to.word<double>(1);
    double* const rests = to.word<double>(rest_word(kParts));
    for (std::size_t i = 0; i < length; ++i) {
      const double sum = 0.0 + values[i];
      rests[i] = 0.0 + rest_of(0.0, values[i], sum);
      sums[i] = sum;
    }
  }
  if constexpr (has_squares(kParts)) {
    double* const sums = to.word<double>(2);
    double* const rests = to.word<double>(rest_word(kParts) + 1);
    for (std::size_t i = 0; i < length; ++i) {
      const double square = values[i] * values[i];
      const double square_rest = __builtin_fma(values[i], values[i], -square);
      sums[i] = 0.0 + square;
      rests[i] = 0.0 + (rest_of(0.0, square, 0.0 + square) + square_rest);
    }
  }
  if constexpr (has_extremes(kParts)) {
    double* const least = to.word<double>(extremes_word(kParts));
    double* const greatest = to.word<double>(extremes_word(kParts) + 1);
    for (std::size_t i = 0; i < length; ++i) {
      least[i] = greater_of(kNothing, -values[i]);
      greatest[i] = greater_of(kNothing, values[i]);
    }
  }
  if (keep != nullptr) drop<kParts>(to, keep, length);
}

// Sums depend on each other, what rounding takes from them does not: it is found for many at once,
// between the two passes that go one by one.
constexpr std::size_t kPass = 128;

template <std::size_t kSums>
KEDGE_TARGET inline void forward_sums(const WordColumns& columns, std::size_t start,
                                      std::size_t length) {
  double own[kSums][kPass];
  double rests[kSums][kPass];
  double* sums[kSums];
  double* lows[kSums];
  double sum[kSums];
  double low[kSums];
  for (std::size_t k = 0; k < kSums; ++k) {
    sums[k] = columns.word<double>(1 + k) + start;
    lows[k] = columns.word<double>(1 + kSums + k) + start;
    sum[k] = sums[k][-1];
    low[k] = lows[k][-1];
    for (std::size_t i = 0; i < length; ++i) own[k][i] = sums[k][i];
  }
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k][i] = sum[k] += own[k][i];
  }
  for (std::size_t k = 0; k < kSums; ++k) {
    const double* const before = sums[k] - 1;
    for (std::size_t i = 0; i < length; ++i) {
      rests[k][i] = rest_of(before[i], own[k][i], sums[k][i]) + lows[k][i];
    }
  }
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t k = 0; k < kSums; ++k) lows[k][i] = low[k] += rests[k][i];
  }
}

// Of the `length` summaries before `end`, which is one itself.
template <std::size_t kSums>
KEDGE_TARGET inline void backward_sums(const WordColumns& columns, std::size_t end,
                                       std::size_t length) {
  double own[kSums][kPass];
  double rests[kSums][kPass];
  double* sums[kSums];
  double* lows[kSums];
  double sum[kSums];
  double low[kSums];
  for (std::size_t k = 0; k < kSums; ++k) {
    sums[k] = columns.word<double>(1 + k) + (end - length);
    lows[k] = columns.word<double>(1 + kSums + k) + (end - length);
    sum[k] = sums[k][length];
    low[k] = lows[k][length];
    for (std::size_t i = 0; i < length; ++i) own[k][i] = sums[k][i];
  }
  for (std::size_t i = length; i-- > 0;) {
    for (std::size_t k = 0; k < kSums; ++k) sums[k][i] = sum[k] += own[k][i];
  }
  for (std::size_t k = 0; k < kSums; ++k) {
    for (std::size_t i = 0; i < length; ++i) {
      rests[k][i] = rest_of(own[k][i], sums[k][i + 1], sums[k][i]);
    }
  }
  for (std::size_t i = length; i-- > 0;) {
    for (std::size_t k = 0; k < kSums; ++k) {
      lows[k][i] = low[k] = lows[k][i] + (rests[k][i] + low[k]);
    }
  }
}

template <SummaryParts kParts>
KEDGE_TARGET void sum_forward(const WordColumns& columns, std::size_t length) {
  counts_forward(columns, length);
  if constexpr (has_sum(kParts)) {
    for (std::size_t start = 1; start < length; start += kPass) {
      const std::size_t some = length - start < kPass ? length - start : kPass;
      forward_sums<sums_of(kParts)>(columns, start, some);
    }
  }
  if constexpr (has_extremes(kParts)) {
    double* const least = columns.word<double>(extremes_word(kParts));
    double* const greatest = columns.word<double>(extremes_word(kParts) + 1);
    double low = kNothing, high = kNothing;
    for (std::size_t i = 0; i < length; ++i) {
      least[i] = low = greater_of(low, least[i]);
      greatest[i] = high = greater_of(high, greatest[i]);
    }
  }
}

template <SummaryParts kParts>
KEDGE_TARGET void sum_backward(const WordColumns& columns, std::size_t length) {
  if (length == 0) return;
  counts_backward(columns, length);
  if constexpr (has_sum(kParts)) {
    for (std::size_t end = length - 1; end > 0;) {
      const std::size_t some = end < kPass ? end : kPass;
      backward_sums<sums_of(kParts)>(columns, end, some);
      end -= some;
    }
  }
  if constexpr (has_extremes(kParts)) {
    double* const least = columns.word<double>(extremes_word(kParts));
    double* const greatest = columns.word<double>(extremes_word(kParts) + 1);
    double low = kNothing, high = kNothing;
    for (std::size_t i = length; i-- > 0;) {
      least[i] = low = greater_of(least[i], low);
      greatest[i] = high = greater_of(greatest[i], high);
    }
  }
}

// `kStep` is 1, or 0 when there is one summary before all.
template <SummaryParts kParts, std::size_t kStep>
KEDGE_TARGET void prepend(const WordColumns& into, const WordColumns& before, std::size_t length) {
  prepend_counts<kStep>(into, before, length);
  for (std::size_t sum = 1; sum <= sums_of(kParts); ++sum) {
    double* const highs = into.word<double>(sum);
    double* const lows = into.word<double>(rest_word(kParts) + sum - 1);
    const double* const highs_before = before.word<double>(sum);
    const double* const lows_before = before.word<double>(rest_word(kParts) + sum - 1);
    for (std::size_t i = 0; i < length; ++i) {
      const double high = highs_before[i * kStep] + highs[i];
      const double rest = rest_of(highs_before[i * kStep], highs[i], high);
      lows[i] = lows_before[i * kStep] + (rest + lows[i]);
      highs[i] = high;
    }
  }
  for (std::size_t w = extremes_word(kParts); w < summary_words(kParts); ++w) {
    double* const values = into.word<double>(w);
    const double* const values_before = before.word<double>(w);
    for (std::size_t i = 0; i < length; ++i) {
      values[i] = greater_of(values_before[i * kStep], values[i]);
    }
  }
}

template <SummaryParts kParts>
constexpr SummaryMerges merges_of() {
  return {&single<kParts>, &sum_forward<kParts>, &sum_backward<kParts>, &prepend<kParts, 1>,
          &prepend<kParts, 0>};
}
