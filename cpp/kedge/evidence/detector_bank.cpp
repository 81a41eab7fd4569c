#include "kedge/evidence/detector_bank.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {

DetectorBank::DetectorBank(std::vector<double> weights)
    : weights_(std::move(weights)),
      evidence_(weights_.size()),
      since_(weights_.size()),
      log_factors_(weights_.size()) {
  double all = 0;
  for (const double weight : weights_) all += weight;
  for (double& weight : weights_) weight /= all;
}

void DetectorBank::advance(double inflow, double now) noexcept {
  const std::size_t count = evidence_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const double both = evidence_[i] + inflow;
    since_[i] += (now - since_[i]) * (inflow / both);
    evidence_[i] = std::min(kMostEvidence, both * exp_of(log_factors_[i]));
  }
  add_up();
}

void DetectorBank::add_up() noexcept {
  mean_ = 0;
  for (std::size_t i = 0; i < evidence_.size(); ++i) mean_ += weights_[i] * evidence_[i];
}

double DetectorBank::log_evidence() const noexcept { return log_of(mean_); }

std::size_t DetectorBank::strongest() const noexcept {
  std::size_t best = 0;
  for (std::size_t i = 1; i < evidence_.size(); ++i) {
    if (weights_[i] * evidence_[i] > weights_[best] * evidence_[best]) best = i;
  }
  return best;
}

void DetectorBank::restart() noexcept {
  std::fill(evidence_.begin(), evidence_.end(), 0.0);
  std::fill(since_.begin(), since_.end(), 0.0);
  mean_ = 0;
}

void DetectorBank::write(ByteWriter& out) const {
  out.write_varint(evidence_.size());
  for (std::size_t i = 0; i < evidence_.size(); ++i) {
    out.write(evidence_[i]);
    out.write(since_[i]);
  }
}

void DetectorBank::read(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  if (count != evidence_.size()) {
    throw corrupt_data(in.section(), ": evidence of ", count, " detectors of ", evidence_.size());
  }
  for (std::size_t i = 0; i < evidence_.size(); ++i) {
    evidence_[i] = std::min(kMostEvidence, read_at_least(in, 0, "evidence"));
    since_[i] = read_at_least(in, 0, "the time of a change");
  }
  add_up();
}

}  // namespace kedge
