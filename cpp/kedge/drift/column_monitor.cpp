#include "kedge/drift/column_monitor.h"

#include <algorithm>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kOfQuestions = 0.25;  // of the evidence, where there are bets too

bool is_ordered_cut(const Event& event) {
  return event.kind == EventKind::kValueCut || event.kind == EventKind::kLengthCut;
}

}  // namespace

ColumnMonitor::ColumnMonitor(const ColumnProfile& reference, double min_effect, double alpha,
                             std::uint32_t group)
    : tallies_(reference, alpha), reference_(tallies_.size()), per_group_(1.0 / group) {
  tallies_.read(reference, reference_);
  const std::span<const Event> events = tallies_.events();
  std::vector<double> weights;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    ask(i, true, events[i].reference.at_most + min_effect, weights);
    ask(i, false, 1 - events[i].reference.at_least + min_effect, weights);
  }
  asked_ = DetectorBank(std::move(weights));
  const auto first = std::find_if(events.begin(), events.end(), is_ordered_cut);
  const auto last = std::find_if_not(first, events.end(), is_ordered_cut);
  first_cut_ = static_cast<std::size_t>(first - events.begin());
  bets_ = ScoreBets(std::span(first, last), reference_, min_effect, tallies_.cut_error());
  betting_ = DetectorBank(bets_.weights());
}

void ColumnMonitor::ask(std::uint32_t event, bool rises, double boundary,
                        std::vector<double>& weights) {
  for (const auto& [beyond, weight] : kAlternatives) {
    if (boundary + beyond >= 1) break;
    weights.push_back(weight);
    questions_.push_back({event, rises, boundary, CountRatio(boundary, boundary + beyond)});
  }
}

void ColumnMonitor::update(std::span<const std::uint64_t> before,
                           std::span<const std::uint64_t> after, double inflow,
                           double look) noexcept {
  const std::span<const Event> events = tallies_.events();
  const std::span<double> log_factors = asked_.log_factors();
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    const Question& question = questions_[i];
    const Event& event = events[question.event];
    const std::uint64_t rows = after[event.rows] - before[event.rows];
    const std::uint64_t hits = after[event.hits] - before[event.hits];
    log_factors[i] =
        per_group_ * question.ratio.log_factor(question.rises ? hits : rows - hits, rows);
  }
  asked_.advance(inflow, look);
  bets_.log_factors(before, after, per_group_, betting_.log_factors());
  betting_.advance(inflow, look);
}

double ColumnMonitor::log_evidence() const noexcept {
  if (betting_.size() == 0) return asked_.log_evidence();
  return log_of(kOfQuestions * asked_.evidence() + (1 - kOfQuestions) * betting_.evidence());
}

double ColumnMonitor::log_share(std::size_t question) const noexcept {
  return log_of(asked_.weight(question) * (betting_.size() == 0 ? 1 : kOfQuestions));
}

ColumnMonitor::Strongest ColumnMonitor::strongest() const noexcept {
  const std::size_t asked = asked_.strongest();
  if (betting_.size() > 0) {
    const std::size_t bet = betting_.strongest();
    if ((1 - kOfQuestions) * betting_.weight(bet) * betting_.evidence(bet) >
        kOfQuestions * asked_.weight(asked) * asked_.evidence(asked)) {
      return {tallies_.events()[first_cut_], betting_.since(bet)};
    }
  }
  return {tallies_.events()[questions_[asked].event], asked_.since(asked)};
}

void ColumnMonitor::restart() noexcept {
  asked_.restart();
  betting_.restart();
}

void ColumnMonitor::write(ByteWriter& out) const {
  asked_.write(out);
  betting_.write(out);
}

void ColumnMonitor::read(ByteReader& in) {
  asked_.read(in);
  betting_.read(in);
}

}  // namespace kedge
