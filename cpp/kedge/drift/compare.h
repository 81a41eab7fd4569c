// Two profiles over the same cells: what changed in each column, by how much, how surely, and
// where.
#pragma once

#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/column_drift.h"
#include "kedge/sketch/profile.h"

namespace kedge {

struct CompareOptions {
  double min_effect = 0.02;  // changes up to this do not matter
  double confidence = 0.99;  // that no bound below is wrong, for one comparison of all columns
};

// One row for each column of the reference, in its order. The bounds hold for all columns together
// (Bonferroni): they allow for the sampling error of both sides by the inequality of Dvoretzky,
// Kiefer, Wolfowitz and Massart, which holds at every sample size for rows drawn independently.
// p-values are adjusted for all columns, by Bonferroni and by Benjamini and Hochberg.
// Who compares again and again asks again: the confidence is that of one comparison.
std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options);

// A column within one slice of the rows.
struct SliceDrift {
  std::string by;     // the slicing column
  std::string value;  // its value, or "(others)"
  ColumnDrift drift;
};

// The same for each slice and column, and for all of these together. Slices that neither profile
// has rows of are left out.
std::vector<SliceDrift> compare_slices(const Profile& reference, const Profile& current,
                                       const CompareOptions& options);

// The same as a batch, a column for each member.
Batch to_batch(const std::vector<ColumnDrift>& rows);
Batch to_batch(const std::vector<SliceDrift>& rows);

}  // namespace kedge
