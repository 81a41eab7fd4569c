#include "kedge/serve/trials.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/base/text.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

constexpr double kMostLatencyMs = 1e9;

std::vector<CanaryRule> rules_of(const CanaryRules& rules) {
  if (!(rules.latency_ms >= 0 && rules.latency_ms <= kMostLatencyMs)) {
    throw invalid_argument("latency_ms = ", rules.latency_ms, ", allowed are 0 to ",
                           kMostLatencyMs);
  }
  const CanaryRule rule{{rules.factor, rules.margin}, rules.alpha};
  return std::vector<CanaryRule>((rules.of_errors ? 1U : 0U) + (rules.latency_ms > 0 ? 1U : 0U),
                                 rule);
}

std::chrono::nanoseconds limit_of(const CanaryRules& rules) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(rules.latency_ms * 1e6));
}

std::optional<Shadow> begun(const std::optional<ShadowRule>& rule) {
  if (!rule) return std::nullopt;
  return Shadow(rule->bound, rule->delta, rule->alpha);
}

bool is_same_trial(const Route& a, const Route& b) {
  return a.live == b.live && a.candidate == b.candidate && a.canary == b.canary &&
         a.shadow == b.shadow;
}

// How much more the candidate lost by a row than the live version; none where neither answered with
// a number. Not to answer with one is as bad as an answer can be.
std::optional<double> more_lost(const Prediction& prediction, std::size_t row, double label) {
  constexpr double kAll = std::numeric_limits<double>::infinity();
  const double live = prediction.rows[row];
  const double candidate = prediction.candidate_rows[row];
  const AnswerKind kind = prediction.kind;
  if (kind.is_counted(live) && kind.is_counted(candidate)) {
    return kind.loss(candidate, label) - kind.loss(live, label);
  }
  if (kind.is_counted(live)) return kAll;
  if (kind.is_counted(candidate)) return -kAll;
  return std::nullopt;
}

}  // namespace

Trials::Trial Trials::made(const Route& route, const TrialRules& rules) {
  Trial out;
  out.route = route;
  try {
    out.shadow_rule = rules.shadow;
    out.shadow = begun(rules.shadow);
    if (rules.canary) {
      out.canary_rules = *rules.canary;
      out.canary.emplace(rules_of(*rules.canary));
      out.route.outcomes = std::make_shared<CanaryOutcomes>(limit_of(*rules.canary));
    }
  } catch (const Error& error) {
    throw Error(error.code(), text("trial of \"", route.model, "\": ", error.what()));
  }
  return out;
}

void Trials::set(const std::vector<Route>& routes, const std::vector<TrialRules>& rules) {
  std::map<std::string, TrialRules> wanted;
  for (const TrialRules& one : rules) {
    const auto is_its = [&](const Route& route) { return route.model == one.model; };
    if (std::ranges::none_of(routes, is_its)) {
      throw invalid_argument("model \"", one.model, "\" has rules of a trial and no route");
    }
    TrialRules& of_model = wanted[one.model];
    const bool is_twice = (of_model.shadow && one.shadow) || (of_model.canary && one.canary);
    if (is_twice) throw invalid_argument("model \"", one.model, "\" has the same rules twice");
    if (one.shadow) of_model.shadow = one.shadow;
    if (one.canary) of_model.canary = one.canary;
  }
  std::map<std::string, Trial, std::less<>> next;
  std::vector<Route> made_routes;
  made_routes.reserve(routes.size());
  for (const Route& route : routes) {
    Trial trial = made(route, wanted[route.model]);
    made_routes.push_back(trial.route);
    next.insert_or_assign(route.model, std::move(trial));
  }
  const std::lock_guard guard(lock_);
  router_->set(made_routes);
  trials_ = std::move(next);
}

void Trials::add(const LabelsRecord& record) {
  const std::lock_guard guard(lock_);
  const auto found = trials_.find(record.model);
  if (found == trials_.end() || !found->second.shadow || found->second.ended) return;
  Trial& trial = found->second;
  const double bound = trial.shadow_rule->bound;
  std::vector<double> live;
  std::vector<double> candidate;
  for (const LabelledRequest& request : record.requests) {
    const Prediction& prediction = request.prediction;
    if (prediction.version != trial.route.live || prediction.candidate != trial.route.candidate) {
      continue;
    }
    for (std::size_t i = 0; i < request.labels.size(); ++i) {
      const std::optional<double> more = more_lost(prediction, i, request.labels[i]);
      if (!more) continue;
      live.push_back(0);
      candidate.push_back(std::clamp(*more, -bound, bound));
    }
  }
  trial.shadow->update(live, candidate);
}

void Trials::end(Trial& trial, const TrialRecord& record) {
  trial.ended = record;
  if (record.is_promotion) std::swap(trial.route.live, trial.route.candidate);
  trial.route.canary = 0;
  trial.route.shadow = 0;
  trial.route.outcomes = nullptr;
}

void Trials::publish() {
  std::vector<Route> routes;
  routes.reserve(trials_.size());
  for (const auto& [model, trial] : trials_) routes.push_back(trial.route);
  router_->set(routes);
}

void Trials::restore(const TrialRecord& record) {
  const std::lock_guard guard(lock_);
  const auto found = trials_.find(record.route.model);
  if (found == trials_.end() || found->second.ended) return;
  Trial& trial = found->second;
  if (is_same_trial(trial.route, record.route)) {
    end(trial, record);
    publish();
  } else if (trial.route.live == record.route.live &&
             trial.route.candidate == record.route.candidate) {
    trial.shadow = begun(trial.shadow_rule);
  }
}

bool Trials::wants(std::string_view model, const Prediction& prediction) const {
  const std::lock_guard guard(lock_);
  const auto found = trials_.find(model);
  if (found == trials_.end() || !found->second.shadow || found->second.ended) return false;
  const Route& route = found->second.route;
  return prediction.version == route.live && prediction.candidate == route.candidate;
}

void Trials::count(Trial& trial, const CanaryOutcome& outcome) noexcept {
  std::size_t rule = 0;
  if (trial.canary_rules.of_errors) {
    trial.canary->add(rule++, outcome.is_canary, outcome.is_error);
  }
  if (trial.canary_rules.latency_ms > 0) {
    trial.canary->add(rule, outcome.is_canary, outcome.is_late);
  }
}

std::optional<TrialRecord> Trials::verdict_of(const Trial& trial) {
  const auto record = [&](const Decision& decision, std::string_view rule) {
    TrialRecord out;
    out.route = trial.route;
    out.route.outcomes = nullptr;
    out.is_promotion = decision.verdict == Verdict::kYes;
    out.rule = rule;
    out.decision = decision;
    return out;
  };
  const Decision canary = trial.canary ? trial.canary->decision() : Decision{};
  const Decision shadow = trial.shadow ? trial.shadow->decision() : Decision{};
  const bool is_early = trial.shadow_rule && shadow.rows < trial.shadow_rule->min_rows;
  // A candidate that is worse by either is rolled back; one that both are asked about has to be
  // good enough by both.
  if (canary.verdict == Verdict::kNo) return record(canary, "canary");
  if (shadow.verdict == Verdict::kNo && !is_early) return record(shadow, "shadow");
  const bool shadow_says = shadow.verdict == Verdict::kYes && !is_early;
  const bool canary_says = canary.verdict == Verdict::kYes;
  if (trial.shadow && shadow_says && (canary_says || !trial.canary)) {
    return record(shadow, "shadow");
  }
  if (canary_says && !trial.shadow) return record(canary, "canary");
  return std::nullopt;
}

void Trials::look(const std::function<void(const TrialRecord&)>& keep) {
  const std::lock_guard guard(lock_);
  for (auto& [model, trial] : trials_) {
    if (trial.ended) continue;
    if (trial.canary && trial.route.outcomes) {
      for (const CanaryOutcome& outcome : trial.route.outcomes->take()) count(trial, outcome);
      trial.canary->look();
    }
    const std::optional<TrialRecord> record = verdict_of(trial);
    if (!record) continue;
    keep(*record);
    end(trial, *record);
    publish();
  }
}

void Trials::expose(std::string& out) const {
  const std::lock_guard guard(lock_);
  std::string evidence;
  std::string ended;
  for (const auto& [model, trial] : trials_) {
    const auto add = [&](std::string_view rule, const Decision& now) {
      // What ended it, also after a restart, which has no labels of a trial that is over.
      const bool is_why = trial.ended && trial.ended->rule == rule;
      const Decision& decision = is_why ? trial.ended->decision : now;
      const Route& about = trial.ended ? trial.ended->route : trial.route;
      const std::string labels =
          text(model_labels(model, about.candidate), ",rule=\"", rule, "\",shows=\"");
      evidence +=
          text("kedge_trial_log_evidence{", labels, "yes\"} ", decision.log_evidence_yes,
               "\nkedge_trial_log_evidence{", labels, "no\"} ", decision.log_evidence_no, "\n");
    };
    if (trial.shadow) add("shadow", trial.shadow->decision());
    if (trial.canary) add("canary", trial.canary->decision());
    if (!trial.shadow && !trial.canary) continue;
    for (const bool is_promotion : {true, false}) {
      const bool is_it = trial.ended && trial.ended->is_promotion == is_promotion;
      const Route& about = trial.ended ? trial.ended->route : trial.route;
      ended += text("kedge_trial_ended{", model_labels(model, about.candidate), ",act=\"",
                    is_promotion ? "promotion" : "rollback", "\"} ", is_it ? 1 : 0, "\n");
    }
  }
  if (ended.empty()) return;
  add_family("kedge_trial_log_evidence", "gauge", "For and against a candidate.", out);
  out += evidence;
  add_family("kedge_trial_ended", "gauge", "Whether a candidate was promoted or rolled back.", out);
  out += ended;
}

}  // namespace kedge
