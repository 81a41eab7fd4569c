// The one entry that every transport calls: a method's name and a request's bytes in, a status and
// a response's bytes out.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/serve/admission.h"
#include "kedge/serve/event_lines.h"
#include "kedge/serve/follow_up.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/lookout.h"
#include "kedge/serve/objective.h"
#include "kedge/serve/open_metrics.h"
#include "kedge/serve/ready_scores.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/request_log.h"
#include "kedge/serve/router.h"
#include "kedge/serve/server_metrics.h"
#include "kedge/serve/shadow_queue.h"
#include "kedge/serve/shared_regions.h"
#include "kedge/serve/span_log.h"
#include "kedge/serve/status.h"

namespace kedge {

struct Reply {
  StatusCode code = StatusCode::kOk;
  std::string message;  // why, unless kOk
};

// When a call is due, and how long it has been here.
struct CallTime {
  static constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds left = kForever;
  std::chrono::nanoseconds waited{0};  // since it was taken on
};

// One of several calls that wait at the same time.
struct InferTurn {
  std::span<const std::byte> request;
  std::vector<std::byte>* out = nullptr;
  CallTime time;
  std::string_view traceparent;
  Reply reply;
};

// Any number of threads may call. A model answers "score", and what else model_form.h lists where
// it is asked for by name.
class Service {
 public:
  explicit Service(Repository& repository);

  // Appends the response to `out`, which is as it was unless the reply is kOk. `method` is a name
  // of inference.GRPCInferenceService or of kedge.v1.Kedge: "ModelInfer". Nothing is thrown: every
  // end is a status. Counted by method, model, version and code. Work for which no time is `left`
  // is refused, not done. `traceparent` as the caller sent it, if calls are traced.
  Reply handle(std::string_view method, std::span<const std::byte> request,
               std::vector<std::byte>& out, const CallTime& time = {},
               std::string_view traceparent = {}) const noexcept;

  // Handles "ModelInfer" for each of them; those of one model are scored as one batch of up to so
  // many rows, which gives the same answers.
  void infer_together(std::span<InferTurn> turns, std::size_t most_rows) const noexcept;

  // One of the requests of a ModelStreamInfer: appends a ModelStreamInferResponse, which has an
  // error as its message, with the request's id if it had one, so that the stream goes on.
  Reply stream(std::span<const std::byte> request, std::vector<std::byte>& out,
               const CallTime& time = {}, std::string_view traceparent = {}) const noexcept;

  // Replaces all routes, and what is to follow from them by itself: see router.h and trials.h.
  // Versions that are not served may come yet, and are told of. Throws as Router::set and
  // Trials::set do.
  void route(const std::vector<Route>& routes, const std::vector<TrialRules>& rules = {});
  // From then on there is feedback, and trials end: see follow_up.h. Once, after the routes.
  void keep_in(const std::string& folder) { follow_up_.open(folder); }
  void let_go() { follow_up_.close(); }
  // From then on requests are logged, before any comes. Throws as RequestLogOptions::check does.
  void log_requests(RequestLogOptions options);
  // What waits is written; no call is under way.
  void end_log() { log_.reset(); }

  // From then on calls are traced, before any comes: see span_log.h. Throws as SpanLog does.
  void trace(double share, int socket) { spans_ = std::make_unique<SpanLog>(share, socket); }
  bool is_traced() const noexcept { return spans_ != nullptr; }
  // What waits is handed on; no call is under way.
  void end_traces() { spans_.reset(); }

  // From then on explanations end before they are done.
  void stop() const noexcept { is_stopping_ = true; }

  // From then on shared memory is on, before any call comes. Throws as SharedMemoryOptions::check.
  void share_memory(SharedMemoryOptions options);

  // From then on an answer of more bytes is refused, before any call comes.
  void answer_at_most(std::size_t bytes) noexcept { most_answer_ = bytes; }

  // What calls are held against from then on, before any comes. Throws as Objective::check does.
  void promise(const Objective& objective);

  // All counts, and those of the transport, as Prometheus scrapes them.
  std::string metrics(const AdmissionCounts& admission,
                      ScrapeFormat format = ScrapeFormat::kPrometheus) const;

  // Lines of JSON for whoever runs the server, since they were last taken: files, routes without
  // a version, alarms, promotions, rollbacks.
  std::vector<std::string> take_events();

 private:
  struct Asked {
    std::span<const std::byte> request;
    std::vector<std::byte>& out;
    const CallTime& time;
    std::string_view traceparent;
  };
  Reply handle(std::string_view method, const Asked& asked,
               std::chrono::steady_clock::time_point start,
               const ReadyScores& ready) const noexcept;
  ServerCounts server_counts(const AdmissionCounts& admission) const;

  Repository* repository_;
  mutable std::atomic<bool> is_stopping_ = false;
  Router router_;
  mutable ShadowQueue shadow_;
  // Of each method in the order of the service's list and of those it does not have; calls of a
  // model that was found are the repository's.
  mutable std::vector<CallMetrics> calls_;
  mutable CallMetrics waits_;
  mutable std::atomic<std::uint64_t> batches_ = 0;  // of calls that waited at the same time
  mutable std::atomic<std::uint64_t> batched_rows_ = 0;
  std::size_t most_answer_ = std::numeric_limits<std::size_t>::max();
  Objective objective_;
  mutable ObjectiveMetrics kept_;
  mutable std::mutex scrapes_;
  mutable BurnRate burn_;
  EventLines events_;
  mutable FollowUp follow_up_;
  std::unique_ptr<RequestLog> log_;         // none: nobody wants it
  std::unique_ptr<SpanLog> spans_;          // likewise
  std::unique_ptr<SharedRegions> regions_;  // none: shared memory is off
  Lookout lookout_;                         // the last one: it ends first
};

}  // namespace kedge
