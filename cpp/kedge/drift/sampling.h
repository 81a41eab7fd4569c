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

// The total variation of a sample over `bins` bins from its population: its mean is at most
// sqrt((bins - 1) / rows) / 2 (Cauchy and Schwarz), and one row moves it by 1 / rows at most, so
// that it seldom exceeds its mean by more than sqrt(ln(1 / alpha) / (2 rows)) (McDiarmid 1989).
double total_variation_error(std::uint64_t rows, std::uint64_t bins, double alpha) noexcept;

}  // namespace kedge
