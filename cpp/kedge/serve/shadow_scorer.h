// What a candidate says to requests that the live model answered. Rows of several requests are
// scored at once, as nobody waits for one of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/serve/infer_request.h"
#include "kedge/serve/row_batch.h"
#include "kedge/serve/shadow_jobs.h"

namespace kedge {

struct ShadowCounts {
  std::uint64_t rows = 0;  // that both scored
  std::uint64_t rows_different = 0;
  double largest_difference = 0;  // of two scores, those that are no numbers aside
  std::uint64_t failed = 0;       // requests that the candidate could not score
  std::uint64_t dropped = 0;      // requests that found the queue full

  void add(const ShadowCounts& more) noexcept;
};

// Keeps what memory it wanted, up to some megabytes. One thread at a time.
class ShadowScorer {
 public:
  // What came of all of them, or of the first of them when it is over.
  ShadowCounts score(const ShadowJobs& jobs, const std::atomic<bool>& is_over);

 private:
  struct Member {
    std::string_view id;
    std::span<const double> known;
    std::size_t rows;
  };

  void add(const ShadowJobs& jobs, const ShadowJobs::Job& job);
  std::span<const double> ask_live(const ServedModel& live);
  void compare(const ShadowJobs& jobs) noexcept;
  void compare(const Member& member, const Rows& scores, std::size_t outputs) noexcept;
  void remember(const ShadowJobs& jobs, const Member& member, const Rows& scores);

  InferRequest request_;
  std::vector<double> values_;
  RowBatch live_rows_;
  std::vector<double> live_scores_;
  RowBatch rows_;
  std::vector<Member> members_;
  std::vector<double> predictions_;
  ShadowCounts counts_;
};

}  // namespace kedge
