// When did what held cease to hold? Evidence comes in factors L, one for each look, whose expected
// value given the past is at most 1 while the null hypothesis holds: those of MeanBet, CountRatio
// or TwoSampleRatio. A detector adds up the evidence of all times at which a change may have begun.
//
// Shiryaev and Roberts's form M <- (M + g) L, g being the time since the look before (1 when looks
// are counted): M less the time that passed cannot grow in expectation. So while nothing changes
// the mean time to M >= A is at least A, and when the detector restarts after each alarm, the
// expected number of alarms in a time T is at most T / A, however often one looks and whatever the
// dependence between the looks. A mean of such processes is one again.
//
// CUSUM M <- max(M, g) L is never above that, so it has the same promise; it is later, and its time
// of change is the most likely one instead of the mean.
//
// The form that is never false, M <- (M + g_n) L with g_n = 1 / (n (n + 1)), sums to 1 for ever:
// M >= 1 / alpha comes with probability alpha at most, in an endless stream. What begins late is
// found later, by 2 log n.
//
// (Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change
// detection", New England Journal of Statistics in Data Science 2, 2024.)
//
// Detectors do not merge: their evidence depends on the order in which the looks came.
#pragma once

#include <cstdint>
#include <limits>

#include "kedge/base/bytes.h"

namespace kedge {

// The evidence of a detector, and the time at which the change began if there was one: the mean
// over the possible beginnings by their weight in the evidence.
struct Accrual {
  double log_evidence = -std::numeric_limits<double>::infinity();
  double since = 0;

  // A look at time `now` of factor e^log_factor, for beginnings of weight e^log_inflow. Both are
  // finite. No overflow: evidence is a logarithm.
  void advance(double log_inflow, double log_factor, double now) noexcept;
  void advance_cusum(double log_inflow, double log_factor, double now) noexcept;

  friend bool operator==(const Accrual&, const Accrual&) = default;
};

enum class DetectorForm : std::uint8_t { kShiryaevRoberts, kCusum, kNeverFalse };

class ChangeDetector {
 public:
  explicit ChangeDetector(DetectorForm form) noexcept : form_(form) {}

  // `elapsed` > 0 is the time since the look before; the form that is never false does not ask.
  void update(double log_factor, double elapsed = 1) noexcept;

  double log_evidence() const noexcept { return accrual_.log_evidence; }
  // The time of the first look after which the change is, from the first update on.
  double since() const noexcept { return accrual_.since; }
  double now() const noexcept { return now_; }

  // Forgets the evidence, not the time. After an alarm of the form that is never false there is
  // nothing to restart: its error is spent.
  void restart() noexcept { accrual_ = {}; }

  // docs/formats.md, "Evidence".
  void write(ByteWriter& out) const;
  static ChangeDetector read(ByteReader& in);

  friend bool operator==(const ChangeDetector&, const ChangeDetector&) = default;

 private:
  DetectorForm form_;
  Accrual accrual_;
  double now_ = 0;
  std::uint64_t looks_ = 0;
};

// g_n of the form that is never false, for the n-th look, from 1.
double never_false_inflow(std::uint64_t look) noexcept;

}  // namespace kedge
