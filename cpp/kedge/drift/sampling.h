// How far a sample may lie from its population, for rows drawn independently.
#pragma once

#include <cstdint>

namespace kedge {

// What is known of a population's quantity between 0 and 1.
struct Known {
  double at_least = 0;
  double at_most = 1;
};
// When that of the samples lies between `lower` and `upper`.
Known widened(double lower, double upper, double error) noexcept;

// With probability 1 - alpha no distribution function is off by more (Dvoretzky, Kiefer and
// Wolfowitz; the constant is Massart's, 1990), nor any one share (Hoeffding 1963).
double share_error(std::uint64_t rows, double alpha) noexcept;

// The chances whose Bernoulli distribution has at most that divergence from one of `share`: those
// not ruled out by Chernoff's bound, which is narrow near 0 and 1.
Known chances_within(double share, double divergence) noexcept;

// The chance of something decided on beforehand that came so often; wrong with probability alpha at
// most.
Known chance_of_event(std::uint64_t hits, std::uint64_t rows, double alpha) noexcept;

// The same for all names at once, whichever are looked at and why: each name has the part of alpha
// that is its own chance, and those add up to 1.
Known chance_of_name(std::uint64_t hits, std::uint64_t rows, double alpha) noexcept;

// The total variation of a sample from its population, whatever names the population has, seen or
// not. Its mean is at most twice the Rademacher average of all sets of names, which is at most
// roots / (2 rows), roots being the sum of sqrt(count) over the names; that average is
// self-bounding (Boucheron, Lugosi and Massart, "A sharp concentration inequality with
// applications", 2000), and one row moves the variation itself by 1 / rows (McDiarmid 1989).
double total_variation_error(std::uint64_t rows, double roots, double alpha) noexcept;

// The share of the population whose names the sample lacks, when `singles` names came once: Good
// and Turing's estimate, and the deviations of it and of the share (McAllester and Ortiz 2003).
double unseen_share(std::uint64_t rows, std::uint64_t singles, double alpha) noexcept;

// The share of the population outside of a sample's least and greatest value; with probability
// 1 - alpha it is not above, because (1 + rows c) exp(-rows c) bounds the chance of more than c.
double outside_share(std::uint64_t rows, double alpha) noexcept;

// A share of a population is not below that of a sample by more.
double one_sided_error(std::uint64_t rows, double alpha) noexcept;

}  // namespace kedge
