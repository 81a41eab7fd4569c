// What happened to one column, and how two of its profiles are compared. NaN stands for what a
// column of this kind, or one without values, does not have.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "kedge/sketch/column_profile.h"

namespace kedge {

struct ColumnDrift {
  static constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

  std::string name;
  std::string kind;                  // "number", "category" or "text"
  std::string verdict;               // "yes", "no" or "not yet known"
  std::uint64_t reference_rows = 0;  // values: neither null nor NaN
  std::uint64_t current_rows = 0;

  // The distance of the two samples lies between these two, with certainty. It is Kolmogorov and
  // Smirnov's for numbers, the total variation for categories, and for text the larger of the
  // Kolmogorov-Smirnov distances of lengths and of hashes.
  double lower = 0;
  double upper = 1;
  double at_least = 0;  // the distance of the two populations lies between these two, with the
  double at_most = 1;   // confidence asked for

  // The test that belongs to the distance ("ks", "chi_square", "fisher"), and its p-value: for one
  // column, and adjusted for all of them.
  std::string test;
  double statistic = kNothing;
  double pvalue = kNothing;
  double pvalue_bonferroni = kNothing;
  double pvalue_bh = kNothing;

  double reference_null_share = 0;  // null and NaN together
  double current_null_share = 0;
  double null_at_least = 0;  // how far that share moved in the populations, as above
  double null_at_most = 1;
  double null_pvalue = kNothing;  // Fisher's, for the rows with and without a value

  // What the reference did not have: numbers outside of its range, names that are not listed; of a
  // text nothing is known. Where the reference has unlisted names itself, a share of them may be
  // rare instead of new.
  double reference_new_share = kNothing;
  double current_new_share = kNothing;
  double new_at_least = 0;  // what the reference's population has not either, likewise
  double below_share = kNothing;
  double above_share = kNothing;

  // Over the reference's tenths for numbers, over the names for categories. The noise is what 1 of
  // 100 comparisons exceeds when nothing changed.
  double psi = kNothing;
  double psi_noise = kNothing;
  double js = kNothing;
  double js_noise = kNothing;
  double kl = kNothing;
  double hellinger = kNothing;
  double total_variation = kNothing;
  double chi_square = kNothing;
  double chi_square_dof = kNothing;
  double chi_square_pvalue = kNothing;
  double g = kNothing;
  double g_pvalue = kNothing;
  double fisher_pvalue = kNothing;  // of columns with two values

  // Over the cells.
  double anderson_darling = kNothing;
  double anderson_darling_pvalue = kNothing;
  double cramer_von_mises = kNothing;
  double cramer_von_mises_pvalue = kNothing;
  double wasserstein = kNothing;         // in units of the value
  double wasserstein_normed = kNothing;  // in standard deviations of the reference
  double energy = kNothing;

  double reference_mean = kNothing;
  double current_mean = kNothing;
  double reference_std = kNothing;
  double current_std = kNothing;

  // Where: the numbers (of a text, the lengths) or names whose share changed most, low <= v <= high
  // or up to three names, and how much of the total variation they carry.
  double low = kNothing;
  double high = kNothing;
  std::string names;
  double reference_share = 0;
  double current_share = 0;
  double carried = kNothing;
};

// Of one column's bounds each may be wrong with its part of `alpha`: distance and null share, and
// what is new, of two samples.
inline constexpr double kColumnBounds = 6;

// Both count the same cells or names. `alpha` is the probability with which a bound of this column
// may be wrong.
ColumnDrift column_drift(const ColumnProfile& reference, const ColumnProfile& current, double alpha,
                         double min_effect);

}  // namespace kedge
