// Candidates on trial: what decide/ shows of them from labels and outcomes, and what follows. A
// candidate that is shown to be good enough becomes the live version, one that is shown not to be
// gets no more requests.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kedge/decide/canary.h"
#include "kedge/decide/shadow.h"
#include "kedge/serve/canary_outcomes.h"
#include "kedge/serve/router.h"
#include "kedge/serve/service_records.h"

namespace kedge {

// Of a model with a route; the losses are AnswerKind's.
struct ShadowRule {
  double bound = 1;  // two losses of a row further apart count as that far apart
  double delta = 0;  // as decide/shadow
  double alpha = 0.05;
  std::uint64_t min_rows = 0;  // before which nothing follows
};
struct CanaryRules {
  double factor = 1;  // what is tolerated: factor * the live rate + margin
  double margin = 0.01;
  double alpha = 0.05;
  bool of_errors = true;  // calls that do not end in OK
  double latency_ms = 0;  // calls that take longer; 0 for no such rule
};
struct TrialRules {
  std::string model;
  std::optional<ShadowRule> shadow;
  std::optional<CanaryRules> canary;
};

// Any number of threads.
class Trials {
 public:
  explicit Trials(Router& router) : router_(&router) {}

  // The routes of a configuration, and what is to follow by itself. Throws InvalidArgument for a
  // model with rules and no route or twice, and for rules that cannot be; then nothing has changed.
  void set(const std::vector<Route>& routes, const std::vector<TrialRules>& rules);

  // What became of rows that live version and candidate both scored.
  void add(const LabelsRecord& record);
  // A trial that ended before this process began: its route goes on where the configuration still
  // has the one that it was about. Where that has the same versions on trial anew, what was added
  // before belongs to the trial that is over.
  void restore(const TrialRecord& record);
  // Whether labels of such rows are evidence in a trial that is not over.
  bool wants(std::string_view model, const Prediction& prediction) const;

  // Looks at what there is. For each trial that is over `keep` is called, and when it returns,
  // routes change.
  void look(const std::function<void(const TrialRecord&)>& keep);

  void expose(std::string& out) const;

 private:
  struct Trial {
    Route route;  // as it is by now
    std::optional<ShadowRule> shadow_rule;
    std::optional<Shadow> shadow;
    std::optional<Canary> canary;
    CanaryRules canary_rules;
    std::optional<TrialRecord> ended;
  };

  static Trial made(const Route& route, const TrialRules& rules);
  static void count(Trial& trial, const CanaryOutcome& outcome) noexcept;
  static void end(Trial& trial, const TrialRecord& record);
  static std::optional<TrialRecord> verdict_of(const Trial& trial);
  void publish();

  Router* router_;
  mutable std::mutex lock_;
  std::map<std::string, Trial, std::less<>> trials_;  // one for each route
};

}  // namespace kedge
