// Drift in how numeric columns go together, without a label: what the reference's principal
// components leave of a row. Where a correlation breaks, rows leave the plane that the reference
// lies near, and the error grows though every column alone stays as it was.
//
// Rows are kept, not counts: of each side a sample of at most 32 768 drawn by a hash of their
// places, eight bytes for each numeric column. Scales and components come from one half of the
// reference's, drawn by hash too; its other half and the current rows are judged. So the answer
// depends on each side's rows in their order alone. Values are held to the middle 99 % of the
// learned rows and what is missing is their mean. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/row_buffer.h"
#include "kedge/drift/sampling.h"
#include "kedge/sketch/profile.h"

namespace kedge {

inline constexpr std::size_t kMostPrincipalColumns = 512;  // half a megabyte each

struct PrincipalResult {
  std::uint32_t columns = 0;     // numeric, and not constant in the learned rows
  std::uint32_t components = 0;  // kept
  double explained = 0;          // of the variance
  // The mean over rows of the squared error, in variances a column: about 1 - explained where
  // nothing changed. NaN when a side has no judged row, or there are fewer than two columns.
  double reference_error = 0;
  double current_error = 0;
  double change_deviation = 0;  // standard error of current_error - reference_error
  // Kolmogorov and Smirnov's distance of the errors' distributions: the samples' lies between the
  // first two with certainty, the populations' between the others with the confidence asked for.
  double lower = 0;
  double upper = 1;
  Known population;
  std::uint64_t learned_rows = 0;
  std::uint64_t reference_rows = 0;  // judged
  std::uint64_t current_rows = 0;
};

class PrincipalTest {
 public:
  // Of the profile's columns of numbers. Throws InvalidArgument when there are more than
  // kMostPrincipalColumns.
  explicit PrincipalTest(const Profile& profile);

  // Takes the batch's rows, or throws as Profile::update does and takes none.
  void add_reference(const Batch& batch) { add(batch, reference_); }
  void add_current(const Batch& batch) { add(batch, current_); }

  // Keeps the fewest components that explain `explained` of the variance, but never all. Throws
  // InvalidArgument unless 0.5 <= explained < 1 and 0 < confidence < 1. O(rows * columns^2).
  PrincipalResult result(double explained, double confidence) const;

 private:
  using Rows = RowBuffer<double>;
  void add(const Batch& batch, Rows& rows);

  Profile numbers_;  // the columns that take part
  Rows reference_;
  Rows current_;
};

}  // namespace kedge
