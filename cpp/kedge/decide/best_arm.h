// Arms of live traffic and an outcome that is wanted: is one arm's rate above each other's?
//
// With no margin, each pair of arms is a two-sample test by blocks, which end when both arms have a
// row: so rates that all move with the time of day do no harm. A margin is judged from counts, for
// which each arm has one rate. A winner is false with probability alpha at most, ever.
//
// Does not merge: blocks depend on the order of rows. One writer, or many readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/evidence/chance.h"

namespace kedge {

inline constexpr std::size_t kMostArms = 64;  // each is compared with each

class BestArm {
 public:
  // Throws InvalidArgument unless 2 <= arms <= kMostArms, 0 <= margin < 1 and 0 < alpha < 1.
  BestArm(std::size_t arms, double margin, double alpha);

  // A row of an arm below arm_count(). O(arms).
  void add(std::size_t arm, bool is_hit) noexcept;
  // Looks at what is shown after some rows. The first winner stays.
  void look() noexcept;

  std::size_t arm_count() const noexcept { return counts_.size(); }
  ArmCounts counts(std::size_t arm) const noexcept { return counts_[arm]; }
  // The arm that has won, or arm_count().
  std::size_t best() const noexcept { return best_; }
  // The least evidence there was that the arm is above some other one, and what wins.
  double log_evidence(std::size_t arm) const noexcept;
  double level() const noexcept;
  // The rate of each arm, for all arms at once.
  MeanLimits limits(std::size_t arm) const;
  // As Decision has it.
  double rows_needed() const noexcept;

  // docs/formats.md, "Arms".
  std::vector<std::byte> to_bytes() const;
  static BestArm from_bytes(std::span<const std::byte> bytes);

 private:
  // Of one arm against another.
  struct Lead {
    TwoSampleRatio above{true};
    double most = 0;
  };
  Lead& lead(std::size_t arm, std::size_t other) noexcept {
    return leads_[arm * arm_count() + other];
  }
  const Lead& lead(std::size_t arm, std::size_t other) const noexcept {
    return leads_[arm * arm_count() + other];
  }
  ArmCounts& waiting(std::size_t arm, std::size_t other) noexcept {
    return waiting_[arm * arm_count() + other];
  }
  void close_block(std::size_t arm, std::size_t other) noexcept;
  double forecast_of(std::size_t arm) const noexcept;

  double margin_;
  double alpha_;
  std::vector<ArmCounts> counts_;
  std::vector<Lead> leads_;
  std::vector<ArmCounts> waiting_;  // rows of an arm that wait for one of another
  std::size_t best_;
};

}  // namespace kedge
