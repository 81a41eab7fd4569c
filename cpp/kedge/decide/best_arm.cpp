#include "kedge/decide/best_arm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/base/math.h"
#include "kedge/decide/arm_bytes.h"
#include "kedge/decide/forecast.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "ARMT";
constexpr std::uint32_t kVersion = 1;
constexpr double kNever = std::numeric_limits<double>::infinity();

std::size_t checked_arms(std::size_t arms, double margin, double alpha) {
  if (arms < 2 || arms > kMostArms) {
    throw invalid_argument("arms: ", arms, " are not from 2 to ", kMostArms);
  }
  if (!(margin >= 0 && margin < 1)) {
    throw invalid_argument("margin = ", margin, " is not from 0 to below 1");
  }
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  return arms;
}

}  // namespace

BestArm::BestArm(std::size_t arms, double margin, double alpha)
    : margin_(margin),
      alpha_(alpha),
      counts_(checked_arms(arms, margin, alpha)),
      leads_(arms * arms),
      waiting_(arms * arms),
      best_(arms) {}

void BestArm::close_block(std::size_t arm, std::size_t other) noexcept {
  ArmCounts& mine = waiting(arm, other);
  ArmCounts& theirs = waiting(other, arm);
  if (mine.rows == 0 || theirs.rows == 0) return;
  for (const auto& [a, b] : {std::pair{arm, other}, std::pair{other, arm}}) {
    Lead& ahead = lead(a, b);
    ahead.above.update(waiting(b, a), waiting(a, b));
    ahead.most = std::max(ahead.most, ahead.above.log_evidence());
  }
  mine = {};
  theirs = {};
}

void BestArm::add(std::size_t arm, bool is_hit) noexcept {
  const ArmCounts row{is_hit ? std::uint64_t{1} : 0, 1};
  add_to(counts_[arm], row);
  if (margin_ != 0) return;
  for (std::size_t other = 0; other < arm_count(); ++other) {
    if (other == arm) continue;
    add_to(waiting(arm, other), row);
    close_block(arm, other);
  }
}

void BestArm::look() noexcept {
  for (std::size_t arm = 0; arm < arm_count() && margin_ != 0; ++arm) {
    for (std::size_t other = 0; other < arm_count(); ++other) {
      if (other == arm) continue;
      double& most = lead(arm, other).most;
      most = std::max(most, log_evidence_above(counts_[arm], counts_[other], {1, margin_}));
    }
  }
  for (std::size_t arm = 0; arm < arm_count() && best_ == arm_count(); ++arm) {
    if (log_evidence(arm) >= level()) best_ = arm;
  }
}

double BestArm::log_evidence(std::size_t arm) const noexcept {
  double least = kNever;
  for (std::size_t other = 0; other < arm_count(); ++other) {
    if (other != arm) least = std::min(least, lead(arm, other).most);
  }
  return least;
}

double BestArm::level() const noexcept {
  // A false winner was shown, wrongly, to be above the best of the others, and where all are alike
  // any of them can be one.
  return log_of(static_cast<double>(arm_count())) - log_of(alpha_);
}

MeanLimits BestArm::limits(std::size_t arm) const {
  return chance_limits(counts_[arm], alpha_ / static_cast<double>(arm_count()));
}

double BestArm::forecast_of(std::size_t arm) const noexcept {
  double all = 0;
  for (const ArmCounts& counts : counts_) all += static_cast<double>(counts.rows);
  double needed = 0;
  for (std::size_t other = 0; other < arm_count(); ++other) {
    if (other == arm) continue;
    const ArmCounts& mine = counts_[arm];
    const ArmCounts& theirs = counts_[other];
    if (mine.rows == 0 || theirs.rows == 0) return kNever;
    const double growth =
        log_growth_above(rate_of(mine), rate_of(theirs), share_of(mine, theirs), {1, margin_});
    const double of_all = all_rows(mine, theirs) / all;  // rows of other arms do not count
    const double now = margin_ == 0 ? lead(arm, other).above.log_evidence()
                                    : log_evidence_above(mine, theirs, {1, margin_});
    needed = std::max(needed, rows_for(level() - now, growth * of_all));
  }
  return needed;
}

double BestArm::rows_needed() const noexcept {
  if (best_ < arm_count()) return 0;
  double least = kNever;
  for (std::size_t arm = 0; arm < arm_count(); ++arm) least = std::min(least, forecast_of(arm));
  return least;
}

std::vector<std::byte> BestArm::to_bytes() const {
  ByteWriter out;
  out.write_varint(arm_count());
  out.write(margin_);
  out.write(alpha_);
  out.write_varint(best_);
  for (const ArmCounts& arm : counts_) write_arm(out, arm);
  for (const ArmCounts& arm : waiting_) write_arm(out, arm);
  for (const Lead& lead : leads_) {
    lead.above.write(out);
    out.write(lead.most);
  }
  return seal_frame(kKind, kVersion, out.view());
}

BestArm BestArm::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(open_whole_frame(bytes, "arms", kKind, kVersion).payload, "arms");
  const std::uint64_t arms = std::min<std::uint64_t>(in.read_varint(), kMostArms + 1);
  const auto margin = in.read<double>();
  const auto alpha = in.read<double>();
  try {
    BestArm test(static_cast<std::size_t>(arms), margin, alpha);
    test.best_ = static_cast<std::size_t>(std::min<std::uint64_t>(in.read_varint(), arms));
    for (ArmCounts& arm : test.counts_) arm = read_arm(in);
    for (ArmCounts& arm : test.waiting_) arm = read_arm(in);
    for (Lead& lead : test.leads_) {
      lead.above = TwoSampleRatio::read(in);
      TwoSampleRatio(true).merge(lead.above);  // refuses one that is two-sided
      lead.most = in.read<double>();
      if (!std::isfinite(lead.most)) throw corrupt_data("evidence ", lead.most);
    }
    in.expect_end();
    return test;
  } catch (const Error& error) {
    throw corrupt_data("arms: ", error.what());
  }
}

}  // namespace kedge
