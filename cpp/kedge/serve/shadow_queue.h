// Requests that a candidate scores in the shadow of the live model: behind the answer's back, by a
// thread of its own, and for comparison alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kedge/serve/repository.h"
#include "kedge/serve/shadow_jobs.h"
#include "kedge/serve/shadow_scorer.h"

namespace kedge {

// Any number of threads may offer and read. Offering never fails: what there is no memory for is
// not compared. It copies the request and the live model's scores, and takes a lock for as long as
// that takes; a full queue drops, it never waits.
class ShadowQueue {
 public:
  using Key = std::pair<std::string, std::string>;  // name and version of the candidate

  ShadowQueue() = default;
  ShadowQueue(const ShadowQueue&) = delete;
  ShadowQueue& operator=(const ShadowQueue&) = delete;
  ~ShadowQueue();

  // `fetched` is what the request took from shared memory. `scores` are the live model's, where it
  // was asked for them: else it is asked again.
  void offer(std::span<const std::byte> request, std::span<const std::byte> fetched,
             const ServedModel& live, const Rows& scores, const ServedModel& candidate) noexcept;
  std::map<Key, ShadowCounts> read() const;

 private:
  // Whether the worker may be asleep.
  bool add(std::span<const std::byte> request, std::span<const std::byte> fetched,
           const ServedModel& live, const Rows& scores, const ServedModel& candidate);
  ShadowJobs& jobs_of(const ServedModel& live, const ServedModel& candidate);
  void work();
  void score(std::vector<ShadowJobs>& taken, ShadowScorer& scorer);

  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::vector<ShadowJobs> waiting_;  // those without jobs are there for their memory
  std::size_t count_ = 0;            // of jobs
  std::size_t bytes_ = 0;            // of all that they hold
  std::atomic<bool> is_over_ = false;
  std::map<Key, ShadowCounts> counts_;
  std::thread worker_;  // begins with the first offer
};

}  // namespace kedge
