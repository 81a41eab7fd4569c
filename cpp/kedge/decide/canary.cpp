#include "kedge/decide/canary.h"

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

constexpr std::string_view kKind = "CNRY";
constexpr std::uint32_t kVersion = 1;
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr ChanceRule kEqual{1, 0};

void check(const std::vector<CanaryRule>& rules) {
  if (rules.empty() || rules.size() > kMostCanaryRules) {
    throw invalid_argument("a canary is judged by 1 to ", kMostCanaryRules, " outcomes, got ",
                           rules.size());
  }
  const double alpha = rules.front().alpha;
  for (const CanaryRule& rule : rules) {
    check_rule(rule.tolerated);
    if (!(rule.alpha > 0 && rule.alpha < 1)) {
      throw invalid_argument("alpha = ", rule.alpha, " is not between 0 and 1");
    }
    if (rule.alpha == alpha) continue;
    throw invalid_argument("alpha = ", rule.alpha, " of one outcome, ", alpha, " of another");
  }
}

}  // namespace

Canary::Canary(std::vector<CanaryRule> rules) : rules_(std::move(rules)) {
  check(rules_);
  states_.resize(rules_.size());
  level_ = -log_of(rules_.front().alpha);
}

double Canary::evidence_of_tolerated(std::size_t rule) const noexcept {
  const Outcomes& counts = states_[rule].counts;
  return log_evidence_below(counts.canary, counts.live, rules_[rule].tolerated);
}
double Canary::level_of_worse() const noexcept {
  return level_ + log_of(static_cast<double>(rules_.size()));
}

void Canary::add(std::size_t rule, bool is_canary, bool is_hit) noexcept {
  const ArmCounts row{is_hit ? std::uint64_t{1} : 0, 1};
  State& state = states_[rule];
  add_to(is_canary ? state.counts.canary : state.counts.live, row);
  if (!is_canary) {
    add_to(state.live_block, row);
    return;
  }
  state.worse.update(state.live_block, row);
  state.live_block = {};
  // Of each outcome alpha over their number, so that all together are false with alpha.
  most_no_ = std::max(most_no_, state.worse.log_evidence() - (level_of_worse() - level_));
}

void Canary::look() noexcept {
  // For a yes every outcome must be shown; of those that are not tolerated one is enough to stop
  // it.
  double yes = kNever;
  for (std::size_t i = 0; i < rules_.size(); ++i) yes = std::min(yes, evidence_of_tolerated(i));
  most_yes_ = std::max(most_yes_, yes);
  if (verdict_ != Verdict::kNotYetKnown) return;
  if (most_no_ >= level_) {
    verdict_ = Verdict::kNo;
  } else if (most_yes_ >= level_) {
    verdict_ = Verdict::kYes;
  }
}

double Canary::forecast() const noexcept {
  double yes = 0;
  double no = kNever;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& [live, canary] = states_[i].counts;
    if (canary.rows == 0 || live.rows == 0) return kNever;
    const double share = share_of(canary, live);
    const double a = rate_of(canary);
    const double b = rate_of(live);
    yes = std::max(yes, rows_for(level_ - evidence_of_tolerated(i),
                                 log_growth_below(a, b, share, rules_[i].tolerated)));
    no = std::min(no, rows_for(level_of_worse() - states_[i].worse.log_evidence(),
                               log_growth_above(a, b, share, kEqual)));
  }
  return std::min(yes, no);
}

Decision Canary::decision() const noexcept {
  Decision decision;
  decision.verdict = verdict_;
  decision.log_evidence_yes = most_yes_;
  decision.log_evidence_no = most_no_;
  for (const State& state : states_) {
    decision.rows = std::max(decision.rows, state.counts.live.rows + state.counts.canary.rows);
  }
  decision.rows_needed = verdict_ == Verdict::kNotYetKnown ? forecast() : 0;
  return decision;
}

std::vector<std::byte> Canary::to_bytes() const {
  ByteWriter out;
  out.write_varint(rules_.size());
  for (const CanaryRule& rule : rules_) {
    out.write(rule.tolerated.factor);
    out.write(rule.tolerated.margin);
    out.write(rule.alpha);
  }
  for (const State& state : states_) {
    write_arm(out, state.counts.live);
    write_arm(out, state.counts.canary);
    write_arm(out, state.live_block);
    state.worse.write(out);
  }
  out.write(most_yes_);
  out.write(most_no_);
  out.write(static_cast<std::uint8_t>(verdict_));
  return seal_frame(kKind, kVersion, out.view());
}

Canary::State Canary::read_state(ByteReader& in) {
  State state;
  state.counts.live = read_arm(in);
  state.counts.canary = read_arm(in);
  state.live_block = read_arm(in);
  state.worse = TwoSampleRatio::read(in);
  TwoSampleRatio(true).merge(state.worse);  // refuses one that is two-sided
  return state;
}

Canary Canary::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(open_whole_frame(bytes, "canary", kKind, kVersion).payload, "canary");
  const std::uint64_t count = in.read_varint();
  if (count > kMostCanaryRules) {
    throw corrupt_data("canary: ", count, " outcomes, at most ", kMostCanaryRules);
  }
  std::vector<CanaryRule> rules(static_cast<std::size_t>(count));
  for (CanaryRule& rule : rules) {
    rule.tolerated.factor = in.read<double>();
    rule.tolerated.margin = in.read<double>();
    rule.alpha = in.read<double>();
  }
  try {
    Canary canary(std::move(rules));
    for (State& state : canary.states_) state = read_state(in);
    canary.most_yes_ = in.read<double>();
    canary.most_no_ = in.read<double>();
    const auto verdict = in.read<std::uint8_t>();
    in.expect_end();
    if (!std::isfinite(canary.most_yes_) || !std::isfinite(canary.most_no_) ||
        verdict > static_cast<std::uint8_t>(Verdict::kNo)) {
      throw corrupt_data("verdict ", int{verdict}, " by evidence ", canary.most_yes_, " and ",
                         canary.most_no_);
    }
    canary.verdict_ = static_cast<Verdict>(verdict);
    return canary;
  } catch (const Error& error) {
    throw corrupt_data("canary: ", error.what());
  }
}

}  // namespace kedge
