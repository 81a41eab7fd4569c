#include "kedge/edge/trial.h"

#include "kedge/edge/steady_clock.h"

namespace kedge::edge {

void Trial::begin(std::unique_ptr<ScoringModel> candidate, const GateBounds& bounds,
                  ValueRange live) {
  gate_.emplace(bounds, candidate->model().outputs(), live);
  candidate_ = std::move(candidate);
  rows_ = 0;
  pass(Stage::kTrying);
}

void Trial::end() noexcept {
  candidate_.reset();
  gate_.reset();
  pass(Stage::kIdle);
}

void Trial::pass_verdict() noexcept {
  rows_.store(gate_->rows(), std::memory_order_relaxed);
  if (gate_->verdict() != GateVerdict::kNotYet) pass(Stage::kDecided);
}

void Trial::score(const Batch& rows, std::span<const double> live,
                  std::int64_t live_nanos) noexcept {
  const std::int64_t begin = steady_nanos();
  const std::span<const double> scores = candidate_->scorer().score(rows);
  gate_->add(live, scores, live_nanos, steady_nanos() - begin);
  pass_verdict();
}

void Trial::look(std::int64_t now_nanos) noexcept {
  gate_->look(now_nanos);
  pass_verdict();
}

void Trial::take_over(std::unique_ptr<ScoringModel>& live) noexcept {
  live.swap(candidate_);
  pass(Stage::kRetired);
}

}  // namespace kedge::edge
