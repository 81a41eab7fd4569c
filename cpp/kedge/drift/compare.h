// Two profiles over the same cells: what changed in each column, by how much, how surely, and
// where.
#pragma once

#include <string>
#include <vector>

#include "kedge/drift/bracket.h"
#include "kedge/sketch/profile.h"

namespace kedge {

struct CompareOptions {
  double min_effect = 0.02;  // changes up to this do not matter
  double confidence = 0.99;  // that no bound below is wrong, for one comparison of all columns
};

struct ColumnDrift {
  std::string name;
  std::uint64_t reference_rows = 0;  // values: neither null nor NaN
  std::uint64_t current_rows = 0;
  double lower = 0;  // the distance of the two samples lies between these two, with certainty
  double upper = 1;
  double pvalue = 1;    // of the two-sample test at `lower`; exact for small samples
  double at_least = 0;  // the distance of the two populations lies between these two, with the
  double at_most = 1;   // confidence asked for
  double reference_null_share = 0;  // null and NaN together
  double current_null_share = 0;
  double null_at_least = 0;  // how far that share moved in the populations, likewise
  double null_at_most = 1;
  // "yes" when one of the two changes is certainly above min_effect, "no" when both are certainly
  // not, else "not yet known".
  std::string verdict;
  // The values whose share changed most, low <= v <= high; NaN when nothing changed.
  double low = 0;
  double high = 0;
  double reference_share = 0;
  double current_share = 0;
};

// One row for each column of the reference, in its order. The bounds hold for all columns together
// (Bonferroni): they allow for the sampling error of both sides by the inequality of Dvoretzky,
// Kiefer, Wolfowitz and Massart, which holds at every sample size for rows drawn independently.
// Who compares again and again asks again: the confidence is that of one comparison.
std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options);

// The same as a batch, a column for each member.
Batch to_batch(const std::vector<ColumnDrift>& rows);

}  // namespace kedge
