// Fisher's exact test of a two-by-two table.
#pragma once

#include <cstdint>

namespace kedge {

// The two-sided p-value for the table
//     a b
//     c d
// with its margins held: the probability of all tables that are no likelier than this one, as
// scipy.stats.fisher_exact([[a, b], [c, d]]).pvalue. Tables whose probabilities differ by less than
// 1e-12 of themselves count as equally likely, or rounding would break exact ties (scipy: 1e-14).
// 1 when a margin is zero.
//
// To 1e-11 of its value, also where it is 1e-300; 0 below the normal range. Sums up the tables one
// by one while there are few, and integrates with Euler and Maclaurin's correction where the
// distribution is wide: 0.2 ms at most for any size. Throws InvalidArgument when the total exceeds
// 2^53.
double fisher_exact(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d);

}  // namespace kedge
