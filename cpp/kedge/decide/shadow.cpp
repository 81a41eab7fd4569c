#include "kedge/decide/shadow.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "SHDW";
constexpr std::uint32_t kVersion = 1;

double checked_bound(double bound, double delta, double alpha) {
  if (!(bound > 0) || !std::isfinite(bound)) {
    throw invalid_argument("bound = ", bound, " is not above 0");
  }
  if (!(delta > -bound && delta < bound)) {
    throw invalid_argument("delta = ", delta, " is not between ", -bound, " and ", bound);
  }
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  return bound;
}

}  // namespace

Shadow::Shadow(double bound, double delta, double alpha)
    : bound_(checked_bound(bound, delta, alpha)),
      delta_(delta),
      alpha_(alpha),
      better_(-delta, -bound, bound),
      worse_(delta, -bound, bound) {}

void Shadow::take(double difference) noexcept {
  ++rows_;
  sum_ += difference;
  squares_ += difference * difference;
  better_.update(-difference);
  worse_.update(difference);
  most_yes_ = std::max(most_yes_, better_.log_capital());
  most_no_ = std::max(most_no_, worse_.log_capital());
  if (verdict_ != Verdict::kNotYetKnown) return;
  const double level = -log_of(alpha_);
  if (most_no_ >= level) {
    verdict_ = Verdict::kNo;
  } else if (most_yes_ >= level) {
    verdict_ = Verdict::kYes;
  }
}

void Shadow::update(std::span<const double> live, std::span<const double> candidate) {
  if (live.size() != candidate.size()) {
    throw invalid_argument(live.size(), " live losses, ", candidate.size(), " of the candidate");
  }
  for (std::size_t row = 0; row < live.size(); ++row) {
    if (std::abs(candidate[row] - live[row]) <= bound_) continue;
    throw invalid_argument("row ", row, ": losses ", live[row], " and ", candidate[row],
                           " differ by more than the bound ", bound_);
  }
  for (std::size_t row = 0; row < live.size(); ++row) take(candidate[row] - live[row]);
}

double Shadow::mean_difference() const noexcept { return sum_ / static_cast<double>(rows_); }

Decision Shadow::decision() const noexcept {
  Decision decision;
  decision.verdict = verdict_;
  decision.log_evidence_yes = most_yes_;
  decision.log_evidence_no = most_no_;
  decision.rows = rows_;
  if (verdict_ != Verdict::kNotYetKnown) {
    decision.rows_needed = 0;
  } else if (rows_ > 0) {
    const double off = mean_difference() - delta_;
    const double square =
        squares_ / static_cast<double>(rows_) - 2 * delta_ * mean_difference() + delta_ * delta_;
    // A bet in proportion to off / square grows by about half of off^2 / square a row.
    const double growth = off * off / (2 * square);
    const double have = off > 0 ? worse_.log_capital() : better_.log_capital();
    if (growth > 0) decision.rows_needed = std::ceil((-log_of(alpha_) - have) / growth);
  }
  return decision;
}

std::vector<std::byte> Shadow::to_bytes() const {
  ByteWriter out;
  for (const double number : {bound_, delta_, alpha_}) out.write(number);
  better_.write(out);
  worse_.write(out);
  for (const double number : {most_yes_, most_no_, sum_, squares_}) out.write(number);
  out.write(static_cast<std::uint8_t>(verdict_));
  out.write_varint(rows_);
  return seal_frame(kKind, kVersion, out.view());
}

Shadow Shadow::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(open_whole_frame(bytes, "shadow", kKind, kVersion).payload, "shadow");
  const auto bound = in.read<double>();
  const auto delta = in.read<double>();
  const auto alpha = in.read<double>();
  try {
    Shadow shadow(bound, delta, alpha);
    const Shadow fresh = shadow;
    shadow.better_ = MeanBet::read(in);
    shadow.worse_ = MeanBet::read(in);
    for (double* number : {&shadow.most_yes_, &shadow.most_no_, &shadow.sum_, &shadow.squares_}) {
      *number = in.read<double>();
      if (!std::isfinite(*number)) throw corrupt_data("shadow: ", *number, " is not a number");
    }
    const auto verdict = in.read<std::uint8_t>();
    if (verdict > static_cast<std::uint8_t>(Verdict::kNo)) {
      throw corrupt_data("shadow: verdict ", int{verdict}, " is not known");
    }
    shadow.verdict_ = static_cast<Verdict>(verdict);
    shadow.rows_ = in.read_varint();
    in.expect_end();
    // Only bets on one hypothesis merge.
    MeanBet(fresh.better_).merge(shadow.better_);
    MeanBet(fresh.worse_).merge(shadow.worse_);
    return shadow;
  } catch (const Error& error) {
    throw corrupt_data("shadow: ", error.what());
  }
}

}  // namespace kedge
