// Is a candidate fit to take over from the live model? Both score the same live rows, and the gate
// holds what they say and how long they take against bounds that were signed with the candidate.
//
// A bound is held by two bets. One is against "the mean is within the bound": when it has won
// 1 / alpha, the candidate is reverted. The other is against "the mean is at least twice the
// bound", or the least mean that so many rows can tell from none if that is more: all of these must
// have won before the candidate is committed, and not before `rows` rows. So, however rows depend
// on each other and however often one looks, a candidate within its bounds is reverted with
// probability alpha at most, and one that is off by twice as much is committed with no more.
// Between the two either may come.
//
// What is held so: the disagreement of a row (the largest difference of an output, in units of the
// range of scores, 1 at most); the distance of the two distributions of scores at some cuts (the
// difference of the shares of rows up to a cut, but for rows that moved by less than a hundredth of
// where the live scores lie: models crowd their rows, and one more tree moves a crowd a little);
// and the share of calls in which the candidate took more than latency_percent of the live model's
// time, which is to be half at most, so that a busy moment counts as one call, however long. A
// score that is no finite number where the live one is reverts at once.
//
// Costs O(outputs) with some hundred multiplications a row; no allocation. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/edge/gate_bounds.h"
#include "kedge/evidence/mean_bet.h"
#include "kedge/sketch/cell_plan.h"

namespace kedge::edge {

enum class GateVerdict : std::uint8_t { kNotYet, kCommit, kRevert };

class Gate {
 public:
  // Of one candidate, for all that is asked of it.
  static constexpr double kAlpha = 1e-6;

  // `range` is where the live model's scores are expected. Throws InvalidArgument as
  // GateBounds::check, and for no range or no outputs.
  Gate(const GateBounds& bounds, std::size_t outputs, ValueRange range);

  // Scores of the same rows by both, and what time it took them. Nothing once there is a verdict.
  void add(std::span<const double> live, std::span<const double> candidate, std::int64_t live_nanos,
           std::int64_t candidate_nanos) noexcept;
  // A candidate that is not fit after that time is not fit. Since the first call.
  void look(std::int64_t now_nanos) noexcept;

  GateVerdict verdict() const noexcept { return verdict_; }
  std::uint64_t rows() const noexcept { return rows_; }
  // Why it was reverted, with the figure and the bound; empty otherwise.
  std::string reason() const;

 private:
  enum class Cause : std::uint8_t { kNone, kNumber, kDisagreement, kDistance, kLatency, kTime };

  // Whether a mean within [low, 1] is at most a bound.
  class Bound {
   public:
    Bound(double bound, double bad, double low);
    void add(double value) noexcept;
    double log_against() const noexcept { return above_.log_capital(); }
    bool is_shown() const noexcept { return is_shown_; }
    double mean(std::uint64_t rows) const noexcept { return sum_ / static_cast<double>(rows); }

   private:
    MeanBet above_;  // the bound
    MeanBet below_;  // what is bad, of the negative
    double sum_ = 0;
    bool is_shown_ = false;  // to be less than what is bad
  };
  struct Cut {
    std::size_t output;
    double value;
    double still;  // what moved by no more has not moved
    Bound more;    // of the candidate's rows up to it than of the live model's
    Bound fewer;
  };

  void add_row(const double* live, const double* candidate) noexcept;
  void add_distance(const double* live, const double* candidate) noexcept;
  void choose_cuts();
  void add_cut(std::size_t output, double value, double still);
  void decide() noexcept;
  bool are_cuts_against() noexcept;
  bool is_all_shown() const noexcept;
  void revert(Cause cause) noexcept;

  GateBounds bounds_;
  std::size_t outputs_;
  double scale_;  // one over the range
  std::optional<Bound> disagreement_;
  std::optional<Bound> latency_;
  std::vector<Cut> cuts_;
  std::vector<double> sample_;  // the live scores that cuts are chosen from, output by output
  std::size_t sample_rows_ = 0;
  std::size_t sampled_ = 0;
  std::size_t worst_cut_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t calls_ = 0;
  std::int64_t since_ = 0;
  bool has_begun_ = false;
  GateVerdict verdict_ = GateVerdict::kNotYet;
  Cause cause_ = Cause::kNone;
};

}  // namespace kedge::edge
