// Gets a board its updates on a thread of its own: looks for offers, has a candidate tried by who
// scores, keeps the verdict on the disk and tells of it. Whoever scores waits for nothing here.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "kedge/edge/agent.h"
#include "kedge/edge/board_model.h"
#include "kedge/edge/signed_offers.h"

namespace kedge::edge {

struct UpdateStats {
  std::uint64_t version = 0;    // that runs; 0 for the board's own
  std::uint64_t candidate = 0;  // that is tried, or 0
  std::uint64_t trial_rows = 0;
  std::uint64_t commits = 0;
  std::uint64_t refusals = 0;  // since the start; of candidates, and of what was not trusted
  std::uint64_t failures = 0;  // to have an offer, or to keep what became of it
};

class UpdateThread {
 public:
  // Both outlive it. Throws as SignedOffers.
  UpdateThread(const EdgeConfig& config, BoardModel& board, Agent& agent);
  UpdateThread(const UpdateThread&) = delete;
  UpdateThread& operator=(const UpdateThread&) = delete;
  // A trial that goes on is one again at the next start.
  ~UpdateThread();

  UpdateStats stats();

 private:
  void run();
  bool step();
  void settle();
  void try_candidate();
  std::unique_ptr<ScoringModel> made(const MappedFile& file, const SlotImage& image);
  void fail(bool is_distrust, const char* reason);
  template <class Run>
  bool attempt(const Run& run);
  void tell();

  const EdgeConfig& config_;
  BoardModel& board_;
  Agent& agent_;
  SignedOffers offers_;
  ValueRange live_range_;  // of the scores of what runs
  ValueRange next_range_;  // and of what takes over
  std::int64_t next_look_ = 0;
  std::int64_t next_telling_ = 0;  // of what fails; 0 after what did not

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> is_stopping_ = false;
  UpdateStats stats_;
  std::thread thread_;
};

}  // namespace kedge::edge
