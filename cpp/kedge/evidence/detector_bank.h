// Many detectors of Shiryaev and Roberts's form (evidence/detector) that look at the same times,
// and the mean of their evidence by fixed weights, which is such a process again.
//
// Evidence is kept as a number, not as its logarithm, and held at 2^1000: one exponential for each
// detector and look instead of three functions. What is held back keeps the promise, as less
// evidence than there is; what underflows to 0 would be lost beside the next beginning anyway.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

inline constexpr double kMostEvidence = 0x1p1000;

class DetectorBank {
 public:
  DetectorBank() = default;
  // One for each weight; they are positive.
  explicit DetectorBank(std::vector<double> weights);

  std::size_t size() const noexcept { return evidence_.size(); }

  // The logarithms of the next look's factors, for the caller to fill in: finite.
  std::span<double> log_factors() noexcept { return log_factors_; }
  // The look, for beginnings of weight `inflow` > 0. No allocation.
  void advance(double inflow, double now) noexcept;

  // Of the mean; 0 without detectors.
  double evidence() const noexcept { return mean_; }
  double log_evidence() const noexcept;
  // The first of those with the most part in it. There is at least one.
  std::size_t strongest() const noexcept;
  // As a part of all.
  double weight(std::size_t detector) const noexcept { return weights_[detector]; }
  double evidence(std::size_t detector) const noexcept { return evidence_[detector]; }
  // As ChangeDetector::since.
  double since(std::size_t detector) const noexcept { return since_[detector]; }

  void restart() noexcept;

  // docs/formats.md, "Evidence". read throws CorruptData unless it is for as many detectors.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  void add_up() noexcept;

  std::vector<double> weights_;  // they add up to 1
  std::vector<double> evidence_;
  std::vector<double> since_;
  std::vector<double> log_factors_;
  double mean_ = 0;
};

}  // namespace kedge
