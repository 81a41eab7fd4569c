// A version on a small share of the traffic: rolled back once it is shown to be worse than the live
// one, promoted once it is shown not to be worse by more than is tolerated.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/decide/verdict.h"
#include "kedge/evidence/chance.h"

namespace kedge {

// One outcome that is to be rare, such as an error or a latency over the limit.
struct CanaryRule {
  // The canary is good enough when its rate is below factor * the live one + margin.
  ChanceRule tolerated{1, 0.01};
  double alpha = 0.05;
};

inline constexpr std::size_t kMostCanaryRules = 64;

// What is shown of all outcomes of one canary so far. Yes: every rate is below what is tolerated,
// from counts. No: some rate is above the live one, from blocks of one canary row and the live rows
// before it, so that rates which both move with the time of day do no harm. Either is false with
// probability alpha at most, ever. Does not merge. One writer, or many readers.
class Canary {
 public:
  // Throws InvalidArgument for broken bounds, no rule or too many; all rules have one alpha.
  explicit Canary(std::vector<CanaryRule> rules);

  // A row's outcome by one rule, which it hits or not.
  void add(std::size_t rule, bool is_canary, bool is_hit) noexcept;
  // Looks at what is shown after some rows. The first verdict stays.
  void look() noexcept;

  struct Outcomes {
    ArmCounts live;
    ArmCounts canary;
  };
  Decision decision() const noexcept;
  std::size_t rule_count() const noexcept { return rules_.size(); }
  const Outcomes& outcomes(std::size_t rule) const noexcept { return states_[rule].counts; }

  // docs/formats.md, "Canary".
  std::vector<std::byte> to_bytes() const;
  static Canary from_bytes(std::span<const std::byte> bytes);

 private:
  struct State {
    Outcomes counts;
    ArmCounts live_block;        // live rows since the last canary row
    TwoSampleRatio worse{true};  // one-sided: canary above live
  };
  static State read_state(ByteReader& in);
  double evidence_of_tolerated(std::size_t rule) const noexcept;
  double level_of_worse() const noexcept;
  double forecast() const noexcept;

  std::vector<CanaryRule> rules_;
  std::vector<State> states_;
  double level_;
  double most_yes_ = 0;
  double most_no_ = 0;
  Verdict verdict_ = Verdict::kNotYetKnown;
};

}  // namespace kedge
