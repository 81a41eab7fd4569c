// Requests that a candidate scores in the shadow of the live model: behind the answer's back, by a
// thread of its own, and for comparison alone.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kedge/serve/repository.h"

namespace kedge {

struct ShadowCounts {
  std::uint64_t rows = 0;  // that both scored
  std::uint64_t rows_different = 0;
  double largest_difference = 0;  // of two scores, those that are no numbers aside
  std::uint64_t failed = 0;       // requests that the candidate could not score
  std::uint64_t dropped = 0;      // requests that found the queue full
};

// Any number of threads may offer and read. Offering never fails: what there is no memory for is
// not compared. It takes a lock for as long as a copy of the
// request takes; a full queue drops, it never waits.
class ShadowQueue {
 public:
  using Key = std::pair<std::string, std::string>;  // name and version of the candidate

  ShadowQueue() = default;
  ShadowQueue(const ShadowQueue&) = delete;
  ShadowQueue& operator=(const ShadowQueue&) = delete;
  ~ShadowQueue();

  void offer(std::span<const std::byte> request, const ServedModel& live,
             const ServedModel& candidate) noexcept;
  std::map<Key, ShadowCounts> read() const;

 private:
  struct Job {
    std::vector<std::byte> request;
    ServedModel live;
    ServedModel candidate;
  };

  // Whether the worker may be asleep.
  bool add(std::span<const std::byte> request, const ServedModel& live,
           const ServedModel& candidate);
  void work();

  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t bytes_ = 0;  // of their requests
  bool is_over_ = false;
  std::map<Key, ShadowCounts> counts_;
  std::thread worker_;  // begins with the first offer
};

}  // namespace kedge
