// What ranks say of a population whatever it is: where the cuts of a sample's quantiles lie in it.
//
// The cut i of kMostCuts ends the first cell up to which a sample of n rows has its r_i-th smallest
// value, r_i = ceil(n i / (kMostCuts + 1)), so the population's share up to the cut is not below
// U_(r_i), the r_i-th smallest of n uniform numbers: by the probability integral transform, which
// ties only help. If the sample has k values up to the cut, that share is not above U_(k + 1). The
// r_i are fixed, so that what is known of a sum over the U_(r_i) holds for every population, and
// however the cells came about.
#pragma once

#include <cstdint>
#include <span>

namespace kedge {

// r_i, for i from 1 to the number of cuts.
std::uint64_t rank_of_cut(std::uint64_t rows, std::size_t i) noexcept;

// With probability 1 - e^-log_error the sum of steps[i - 1] U_(r_i) is not less. The gaps between
// the U are exponentials over their sum; so it is Chernoff's bound of
//   P(sum of a_j D_j <= t) <= inf over m of the product of (1 + m (a_j - t))^-1.
// There are kMostCuts steps and at least as many rows.
double least_rank_sum(std::span<const double> steps, std::uint64_t rows, double log_error) noexcept;

// With that probability no U_(r_i + d) is above U_(r_i) by more, for all i and d at once: that of
// `d` has a part of 1 / (d (d + 1)). Chernoff's bound of a Poisson distribution, which a binomial
// one keeps.
double most_between_ranks(std::uint64_t d, std::uint64_t rows, double log_error) noexcept;

}  // namespace kedge
