// What follows an answer: labels that come for it, what they say of its version, candidates whose
// trial is over, and the log that keeps all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/append_log.h"
#include "kedge/serve/event_lines.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/trials.h"
#include "kedge/serve/version_quality.h"

namespace kedge {

// Any number of threads; set, open and close are for one.
class FollowUp {
 public:
  // They outlive this.
  FollowUp(const Repository& repository, Router& router, EventLines& events)
      : repository_(&repository), events_(&events), trials_(router) {}

  // Throws as Trials::set does.
  void set(const std::vector<Route>& routes, const std::vector<TrialRules>& rules) {
    trials_.set(routes, rules);
  }
  // Keeps what follows in the folder, as `service.log`, and takes up what it has. Until then there
  // is no feedback, and no trial ends. A log of which at most half is still needed has that alone
  // from then on, which is told of as an event. Throws as AppendLog does.
  void open(const std::string& folder);
  // Leaves the folder to others, once calls that have begun are done.
  void close();

  // A FeedbackRequest, answered once its labels are kept. Throws Refusal(kFailedPrecondition)
  // before open, (kNotFound) for a model that is not served, and as JoinedLabels does.
  void feedback(std::span<const std::byte> request, ProtoWriter& out);

  // Trials that are over end.
  void look();

  void expose(std::string& out) const;

 private:
  RecentPredictions* recent(std::string_view model) const;
  void take_up(const ServiceRecord& record);
  void restore_labelled(const std::string& model, std::string_view id);
  void give_needed(const AppendLog& log, const TakeRecord& take) const;
  void give_needed(const LabelsRecord& record, const TakeRecord& take) const;
  void compact(AppendLog& log);
  std::shared_ptr<AppendLog> log() const;

  const Repository* repository_;
  EventLines* events_;
  Trials trials_;
  VersionQuality quality_;
  mutable std::mutex lock_;  // of the pointer alone
  std::shared_ptr<AppendLog> log_;
  std::atomic<std::uint64_t> unknown_ = 0;  // labels
  std::atomic<std::uint64_t> duplicates_ = 0;
};

}  // namespace kedge
