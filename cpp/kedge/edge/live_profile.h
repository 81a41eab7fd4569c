// What a model sees and says, counted in cells that do not change: those of its reference, and for
// its scores those of its golden rows' range.
#pragma once

#include <span>

#include "kedge/score/model.h"
#include "kedge/sketch/cell_plan.h"
#include "kedge/sketch/profile.h"

namespace kedge::edge {

// Where scores are to be expected: the range of those of the golden rows and some more, or 0 to 1.
ValueRange expected_scores(const Model& model, bool raw);

class LiveProfile {
 public:
  // Of rows with the model's features in `schema`; `reference` is a stored profile, or nothing.
  // Throws as Profile::from_bytes, and Unsupported for a column that the reference counts as
  // another kind.
  LiveProfile(const Model& model, std::span<const std::byte> reference, const Schema& schema,
              bool raw);
  LiveProfile(const LiveProfile&) = delete;
  LiveProfile& operator=(const LiveProfile&) = delete;

  // Rows with the columns of `schema`; scores of each output.
  void count(std::span<const Column* const> features, std::span<const double> scores);
  const Profile& profile() const noexcept { return profile_; }
  // Goes on from what was stored; false when it has other cells.
  bool resume(std::span<const std::byte> stored);
  // Without what was gone on from.
  void leave_out(std::span<const std::byte> stored) {
    profile_.subtract(Profile::from_bytes(stored));
  }

 private:
  Profile profile_;
  std::vector<std::size_t> places_;  // among the features, of the columns that have reference
  std::vector<const Column*> counted_;
  std::vector<std::vector<double>> scores_;
  std::vector<Column> score_columns_;
};

}  // namespace kedge::edge
