// The exact two-sample Kolmogorov-Smirnov statistic, without sorting the samples: both are counted
// over cells, the counts bracket the distance in every cell, and only the few cells that could hold
// the largest one are looked into.
#pragma once

#include <cstdint>
#include <span>

namespace kedge {

struct KsResult {
  double statistic = 0;         // sup |F - G|
  double pvalue = 1;            // as scipy.stats.ks_2samp(method="auto") gives it
  std::size_t index = 0;        // the statistic is attained at this value ..
  bool in_first = true;         // .. of the first sample, or of the second
  int sign = 1;                 // +1 when F is above G there, -1 when below
  std::size_t first_count = 0;  // values that took part: not NaN, not null
  std::size_t second_count = 0;
};

// One sample: `validity` (bit 0 belongs to the first value of `values`, shifted by
// `validity_offset`) may be null; null and NaN rows are left out.
template <class Value>
struct Sample {
  std::span<const Value> values;
  const std::uint8_t* validity = nullptr;
  std::size_t validity_offset = 0;
};

// Value is double, std::int64_t or std::uint64_t; the order is Value's own, so that integers beyond
// 2^53 are told apart. Throws InvalidArgument when a sample has no value, or more than 2^31.
// O(n) for samples that spread, O(n log n) at worst.
template <class Value>
KsResult ks_test(const Sample<Value>& first, const Sample<Value>& second);

}  // namespace kedge
