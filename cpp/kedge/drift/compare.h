// Two profiles over the same cells: what changed in each column, by how much, how surely, and
// where.
#pragma once

#include <string>
#include <vector>

#include "kedge/drift/bracket.h"
#include "kedge/sketch/profile.h"

namespace kedge {

struct CompareOptions {
  double min_effect = 0.02;  // distances up to this do not matter
  double confidence = 0.99;  // that no column is called drifted whose distance does not exceed it
};

struct ColumnDrift {
  std::string name;
  std::uint64_t reference_rows = 0;
  std::uint64_t current_rows = 0;
  double lower = 0;  // the distance of the two samples lies between these two, with certainty
  double upper = 1;
  double pvalue = 1;     // of a two-sample test at `lower`: never too small
  double at_least = 0;   // the distance of the two populations, with the confidence asked for
  bool drifted = false;  // at_least > min_effect
  double reference_null_share = 0;  // null and NaN together
  double current_null_share = 0;
  // The values whose share changed most: low <= v < high, or v == low when both are equal.
  double low = 0;
  double high = 0;
  double reference_share = 0;
  double current_share = 0;
};

// One row for each column of the reference, in its order. `at_least` holds for all columns together
// (Bonferroni): it takes the sampling error of both sides off `lower` by the inequality of
// Dvoretzky, Kiefer, Wolfowitz and Massart, which holds at every sample size.
std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options);

// The same as a batch, a column for each member.
Batch to_batch(const std::vector<ColumnDrift>& rows);

}  // namespace kedge
