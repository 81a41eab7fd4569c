// Are scores probabilities? Reliability by bins of the score, and evidence that they are not, which
// is valid for any forecaster that is calibrated, whatever it forecasts from and however often one
// looks.
//
// The evidence is the capital of bets on target less score, whose mean given the past and the score
// is 0: one on all rows, and one in each of ten bins of the score, which finds what is too bold in
// one place and too timid in another; half the capital for either (betting against a forecaster:
// Shafer, "Testing by betting", Journal of the Royal Statistical Society A 184, 2021).
//
// Thread safety: one writer, or many readers.
#pragma once

#include <span>
#include <vector>

#include "kedge/evidence/mean_bet.h"
#include "kedge/quality/counts.h"

namespace kedge {

class Calibration {
 public:
  // Throws as QualitySpec::check does, and InvalidArgument for another kind than kCalibration.
  explicit Calibration(const QualitySpec& spec);

  // The same definition, nothing counted, no bet made.
  Calibration like() const { return Calibration(counts_.spec()); }

  // As QualityCounts::update; bets are made in the order of the rows.
  void update(const Batch& batch);
  // The same for rows that were read by counts(), as they come: where a label comes late, what is
  // said of the evidence needs that when it comes does not depend on what it says.
  void count(const RowValues& rows);
  // Counts add, and capital multiplies: valid when no row of one stream depends on the other's. The
  // most evidence there was is then that of both, now.
  void merge(const Calibration& other);

  const QualityCounts& counts() const noexcept { return counts_; }
  // Of all parts together, as a logarithm: now, and the most there ever was. The chance that the
  // latter reaches 1 / alpha is at most alpha for calibrated scores.
  double log_evidence() const noexcept;
  double most_log_evidence() const noexcept { return most_log_evidence_; }

  // docs/formats.md, "Calibration".
  std::vector<std::byte> to_bytes() const;
  static Calibration read(ByteReader& in);
  static Calibration from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const Calibration&, const Calibration&) = default;

 private:
  explicit Calibration(QualityCounts counts);
  void bet(double target, double score) noexcept;

  QualityCounts counts_;
  std::vector<MeanHedge> hedges_;  // on all rows, then in each bin
  double log_product_ = 0;         // of the capital in the bins
  double most_log_evidence_ = 0;
};

}  // namespace kedge
