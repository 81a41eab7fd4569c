#include "kedge/evidence/detector.h"

#include "kedge/base/math.h"
#include "kedge/evidence/log_space.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {

void Accrual::advance(double log_inflow, double log_factor, double now) noexcept {
  const double lead = log_evidence - log_inflow;
  if (lead >= kLogNegligible) {
    log_evidence += log_factor;
    return;
  }
  if (lead <= -kLogNegligible) {
    log_evidence = log_inflow + log_factor;
    since = now;
    return;
  }
  const double odds = exp_of(lead);  // of an earlier beginning against this look
  log_evidence = log_inflow + log1p_of(odds) + log_factor;
  since += (now - since) / (1 + odds);
}

void Accrual::advance_cusum(double log_inflow, double log_factor, double now) noexcept {
  if (log_evidence <= log_inflow) {
    log_evidence = log_inflow;
    since = now;
  }
  log_evidence += log_factor;
}

void ChangeDetector::update(double log_factor, double elapsed) noexcept {
  ++looks_;
  now_ += elapsed;
  if (form_ == DetectorForm::kCusum) {
    accrual_.advance_cusum(log_of(elapsed), log_factor, now_);
    return;
  }
  const double inflow = form_ == DetectorForm::kNeverFalse ? never_false_inflow(looks_) : elapsed;
  accrual_.advance(log_of(inflow), log_factor, now_);
}

double never_false_inflow(std::uint64_t look) noexcept {
  const auto n = static_cast<double>(look);
  return 1 / n / (n + 1);
}

void ChangeDetector::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(form_));
  out.write(accrual_.log_evidence);
  out.write(accrual_.since);
  out.write(now_);
  out.write_varint(looks_);
}

ChangeDetector ChangeDetector::read(ByteReader& in) {
  const auto form = in.read<std::uint8_t>();
  if (form > static_cast<std::uint8_t>(DetectorForm::kNeverFalse)) {
    throw corrupt_data(in.section(), ": there is no detector of form ", form);
  }
  ChangeDetector detector(static_cast<DetectorForm>(form));
  detector.accrual_.log_evidence = read_log_evidence(in);
  detector.accrual_.since = read_at_least(in, 0, "the time of a change");
  detector.now_ = read_at_least(in, 0, "the time");
  detector.looks_ = in.read_varint();
  return detector;
}

}  // namespace kedge
