#include "kedge/quality/calibration.h"

#include <algorithm>
#include <cmath>

#include "kedge/arrow/flatten.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/evidence/log_space.h"
#include "kedge/quality/row_values.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "CALB";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kBets = 10;
constexpr double kLogTwo = 0.693147180559945309417;

std::vector<MeanHedge> fresh_hedges() {
  std::vector<MeanHedge> hedges;
  hedges.reserve(kBets + 1);
  hedges.emplace_back(0, -1, 1);
  for (std::size_t i = 0; i < kBets; ++i) {
    // The ends are a little wider than the scores that fall between them, for rounding.
    const double low = static_cast<double>(i) / kBets;
    const double high = static_cast<double>(i + 1) / kBets;
    hedges.emplace_back(0, -std::min(1.0, high + 0x1p-40), std::min(1.0, 1 - low + 0x1p-40));
  }
  return hedges;
}

}  // namespace

Calibration::Calibration(const QualitySpec& spec) : Calibration(QualityCounts(spec)) {}

Calibration::Calibration(QualityCounts counts)
    : counts_(std::move(counts)), hedges_(fresh_hedges()) {
  if (counts_.spec().kind == QualityKind::kCalibration) return;
  throw invalid_argument("the definition is not that of calibration");
}

double Calibration::log_evidence() const noexcept {
  return log_add(hedges_.front().log_capital(), log_product_) - kLogTwo;
}

void Calibration::bet(double target, double score) noexcept {
  const auto wanted = static_cast<std::size_t>(score * kBets);
  hedges_.front().update(target - score);
  log_product_ += hedges_[1 + std::min(wanted, kBets - 1)].update(target - score);
  most_log_evidence_ = std::max(most_log_evidence_, log_evidence());
}

void Calibration::update(const Batch& batch) { count(counts_.read_rows(flatten(batch))); }

void Calibration::count(const RowValues& rows) {
  counts_.count(rows);
  for (std::size_t row = 0; row < rows.length; ++row) {
    if (is_missing(rows.targets[row]) || is_missing(rows.predictions[row])) continue;
    bet(rows.targets[row], rows.predictions[row]);
  }
}

void Calibration::merge(const Calibration& other) {
  counts_.merge(other.counts_);
  for (std::size_t i = 0; i < hedges_.size(); ++i) hedges_[i].merge(other.hedges_[i]);
  log_product_ += other.log_product_;
  most_log_evidence_ = std::max(0.0, log_evidence());
}

std::vector<std::byte> Calibration::to_bytes() const {
  ByteWriter out;
  out.write_bytes(counts_.to_bytes());
  for (const MeanHedge& hedge : hedges_) hedge.write(out);
  out.write(log_product_);
  out.write(most_log_evidence_);
  return seal_frame(kKind, kVersion, out.view());
}

Calibration Calibration::from_bytes(std::span<const std::byte> bytes) {
  ByteReader file(bytes, "calibration");
  Calibration calibration = read(file);
  file.expect_end();
  return calibration;
}

Calibration Calibration::read(ByteReader& file) {
  ByteReader in(open_frame(file, kKind, kVersion).payload, "calibration");
  QualityCounts counts = QualityCounts::read(in);
  if (counts.spec().kind != QualityKind::kCalibration) {
    throw corrupt_data("calibration: the counts are of another kind");
  }
  Calibration calibration(std::move(counts));
  const Calibration fresh = calibration.like();
  for (std::size_t i = 0; i < calibration.hedges_.size(); ++i) {
    MeanHedge hedge = MeanHedge::read(in);
    MeanHedge expected = fresh.hedges_[i];
    try {
      expected.merge(hedge);  // only bets of one hypothesis merge
    } catch (const Error&) {
      throw corrupt_data("calibration: bet ", i, " is not of this hypothesis");
    }
    calibration.hedges_[i] = hedge;
  }
  calibration.log_product_ = in.read<double>();
  calibration.most_log_evidence_ = in.read<double>();
  in.expect_end();
  if (!std::isfinite(calibration.log_product_) || !std::isfinite(calibration.most_log_evidence_) ||
      calibration.most_log_evidence_ < 0) {
    throw corrupt_data("calibration: evidence is not finite");
  }
  return calibration;
}

}  // namespace kedge
