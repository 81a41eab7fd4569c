// A classifier two-sample test: a model learns from one half of the rows to tell current rows from
// those of the reference, and is judged on the other half. It sees what no column shows alone: two
// columns whose correlation changed, names that come together, nulls that do.
//
// Rows are kept, not counts: of each side a sample of at most 65 536 drawn by a hash of their
// places (sketch/row_sample), four bytes for each of their columns. Which of them are learned from
// is a hash of the place too. The model is made when the result is asked for, from rows of both
// sides in an order drawn by hash, so that the answer depends on each side's rows in their order
// alone, not on batches, nor on which side came first.
//
// What the judged rows score is valid whatever the model: bins, names, pairs and weights come from
// the half that is learned from. The profile gives only the cells that these are made of.
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/row_buffer.h"
#include "kedge/sketch/profile.h"

namespace kedge {

inline constexpr std::size_t kMostJointColumns = 512;  // half a megabyte each
inline constexpr std::size_t kMostPairs = 64;          // that the model learns; all are looked at

// How much of what tells the samples apart comes from a column, or from two together ("a x b").
struct Importance {
  std::string name;
  double share = 0;
};

struct ClassifierResult {
  double auc = 0.5;     // of the judged rows; drift/auc
  double at_least = 0;  // that of the populations, with the confidence asked for
  double at_most = 1;
  double pvalue = 1;
  std::string verdict;  // "yes", "no" or "not yet known": whether it exceeds 0.5 + min_effect
  // The parts of the judged samples' difference in mean score, in falling order; those that pull
  // the other way are left out. A text column counts by its length.
  std::vector<Importance> importance;
  std::uint64_t reference_rows = 0;  // seen
  std::uint64_t current_rows = 0;
  std::uint64_t learned_rows = 0;  // of both
  std::uint64_t judged_rows = 0;
};

class ClassifierTest {
 public:
  // Throws InvalidArgument unless the profile has 1 .. kMostJointColumns columns.
  explicit ClassifierTest(const Profile& profile);

  // Takes the batch's rows, or throws as Profile::update does and takes none.
  void add_reference(const Batch& batch) { add(batch, reference_); }
  void add_current(const Batch& batch) { add(batch, current_); }

  // Throws InvalidArgument for options out of their bounds. About 0.3 s for full samples of twenty
  // columns.
  ClassifierResult result(double min_effect, double confidence) const;

 private:
  using Rows = RowBuffer<std::uint32_t>;
  void add(const Batch& batch, Rows& rows);

  Profile profile_;
  Rows reference_;
  Rows current_;
};

// The columns of the batch that the profile names, in its order, checked to be what it can count.
// Throws as Profile::update does. They live as long as `flat`, which is the batch with its structs
// opened.
std::vector<const Column*> profiled_columns(const Profile& profile, const Batch& flat);

// Throws InvalidArgument unless 0 <= min_effect < 1 and 0 < confidence < 1.
void check_confidence(double min_effect, double confidence);

}  // namespace kedge
