// A model with all that it takes to score a board's rows, and what it saw and said: made apart from
// who scores, so that one takes the place of another by a pointer.
#pragma once

#include <vector>

#include "kedge/edge/config.h"
#include "kedge/edge/edge_model.h"
#include "kedge/edge/live_profile.h"
#include "kedge/edge/row_scorer.h"

namespace kedge::edge {

class ScoringModel {
 public:
  // Of rows with this schema; `config` outlives it. Throws where model, columns and bounds do not
  // fit each other.
  ScoringModel(const EdgeConfig& config, const Schema& schema, EdgeModel model,
               std::uint64_t epoch);

  const Model& model() const noexcept { return *model_.model; }
  const Sha256Sum& sha256() const noexcept { return model_.sha256; }
  RowScorer& scorer() noexcept { return scorer_; }
  LiveProfile& live() noexcept { return live_; }
  const LiveProfile& live() const noexcept { return live_; }

  // Payloads of what a receiver is told of it.
  std::vector<std::byte> start_record() const;
  std::vector<std::byte> sketch_record() const;
  // A sketch of the same model and epoch is gone on with, so that the newest one has all.
  void resume(std::span<const std::byte> sketch_record);
  // Takes out again what that sketch has put in, once.
  void leave_out(std::span<const std::byte> sketch_record);

 private:
  void check_scores_fit() const;
  void check_sketch_fits();

  const EdgeConfig& config_;
  EdgeModel model_;
  std::uint64_t epoch_;
  RowScorer scorer_;
  LiveProfile live_;
  std::uint64_t most_sketch_bytes_ = 0;
  bool has_resumed_ = false;
};

}  // namespace kedge::edge
