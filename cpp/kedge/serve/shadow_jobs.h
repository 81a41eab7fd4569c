// Requests that wait for one candidate to score them too, as they came. They lie one behind the
// other, so that a request that is left here allocates nothing once as many were.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/serve/repository.h"

namespace kedge {

class ShadowJobs {
 public:
  struct Job {
    std::span<const std::byte> request;
    std::span<const std::byte> fetched;  // what the request took from shared memory
    std::span<const double> known;       // the live model's scores, row after row; maybe none
  };

  std::size_t size() const noexcept { return ends_.size(); }
  Job operator[](std::size_t i) const noexcept;
  const ServedModel& live() const noexcept { return live_; }
  const ServedModel& candidate() const noexcept { return candidate_; }

  bool are_of(const ServedModel& live, const ServedModel& candidate) const noexcept {
    return live_.model == live.model && candidate_.model == candidate.model;
  }
  // Of these two from now on; there must be no jobs.
  void start(const ServedModel& live, const ServedModel& candidate);
  // `scores` are the live model's.
  void add(std::span<const std::byte> request, std::span<const std::byte> fetched,
           const Rows& scores);
  // None is left, and no model is held. Much memory is given back.
  void clear() noexcept;

 private:
  struct Ends {
    std::size_t request = 0;
    std::size_t fetched = 0;
    std::size_t known = 0;
  };

  ServedModel live_;
  ServedModel candidate_;
  std::vector<std::byte> bytes_;
  std::vector<double> known_;
  std::vector<Ends> ends_;
};

}  // namespace kedge
