// How far two samples counted over the same bins lie apart, and how much of that is to be expected
// when nothing changed.
#pragma once

#include "kedge/drift/count_pair.h"

namespace kedge {

// p: the reference's shares of the bins, q: the current ones.
struct CountDistances {
  double psi = 0;              // population stability index: sum of (p - q) ln(p / q)
  double kl = 0;               // of the current sample from the reference: sum of q ln(q / p)
  double js = 0;               // Jensen-Shannon distance, the root of the divergence in nats
  double hellinger = 0;        // 0 to 1
  double total_variation = 0;  // half the sum of |p - q|
};

// Bins that are empty on both sides are left out. PSI and KL are infinite where a bin is empty on
// one side only: when there is such a bin, and only then, they take (count + 1/2) / (n + bins / 2)
// for a share, in all bins that are left. The other three always take the raw shares. All are 0
// where a sample is empty. O(bins), one or two logarithms each. Throws as check_counts.
CountDistances count_distances(BinCounts reference, BinCounts current);

// What the PSI, or the Jensen-Shannon distance, of samples of `n` and `m` values exceeds with
// probability 1 - level when both come from one distribution over `bins` bins. From the limit for
// many values in each bin, in which PSI and eight times the divergence are (1/n + 1/m) chi-square
// with bins - 1 degrees of freedom. How often the 99 % are exceeded, by simulation with equal
// shares and n = m: 1.0 % (PSI) and 0.9 % (JS) with 100 values a bin, 2.2 % and 1.6 % with 20
// values in each of 100 bins, 2.3 % and 1.4 % with 10 in each of 20. With four and less a bin it is
// no level any more: JS exceeds it 24 % of the time with 4 in each of 500 bins and always with 1,
// while the half counts keep PSI below.
//
// 0 for a single bin, infinite when a sample is empty. Throws InvalidArgument unless 0 < level < 1.
struct CountNoise {
  double psi = 0;
  double js = 0;
};
CountNoise count_noise(std::size_t bins, std::uint64_t n, std::uint64_t m, double level = 0.99);

}  // namespace kedge
