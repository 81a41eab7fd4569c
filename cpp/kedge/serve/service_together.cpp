// Calls that wait at the same time: their scores are made first, then each has its own turn.
#include "kedge/serve/joint_scores.h"
#include "kedge/serve/service.h"

namespace kedge {

void Service::infer_together(std::span<InferTurn> turns, std::size_t most_rows) const noexcept {
  thread_local JointScores joint;
  thread_local std::vector<std::span<const std::byte>> requests;
  const auto start = std::chrono::steady_clock::now();
  requests.clear();
  for (const InferTurn& turn : turns) requests.push_back(turn.request);
  const Repository::Pin catalog = repository_->read();  // what was scored stays until all have it
  joint.make(*catalog, router_, requests, most_rows);
  batches_.fetch_add(joint.batches(), std::memory_order_relaxed);
  batched_rows_.fetch_add(joint.rows(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < turns.size(); ++i) {
    InferTurn& turn = turns[i];
    turn.reply = handle("ModelInfer", {turn.request, *turn.out, turn.time, turn.traceparent}, start,
                        joint.of(i));
  }
}

}  // namespace kedge
