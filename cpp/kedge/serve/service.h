// The one entry that every transport calls: a method's name and a request's bytes in, a status and
// a response's bytes out.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/serve/admission.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/router.h"
#include "kedge/serve/shadow_queue.h"
#include "kedge/serve/status.h"

namespace kedge {

struct Reply {
  StatusCode code = StatusCode::kOk;
  std::string message;  // why, unless kOk
};

// Any number of threads may call. A model answers "score", and what else model_form.h lists where
// it is asked for by name.
class Service {
 public:
  static constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

  explicit Service(Repository& repository);

  // Appends the response to `out`, which is as it was unless the reply is kOk. `method` is a name
  // of inference.GRPCInferenceService or of kedge.v1.Kedge: "ModelInfer". Nothing is thrown: every
  // end is a status. Counted by method, model, version and code. Work for which no time is `left`
  // is refused, not done.
  Reply handle(std::string_view method, std::span<const std::byte> request,
               std::vector<std::byte>& out,
               std::chrono::nanoseconds left = kForever) const noexcept;

  // One of the requests of a ModelStreamInfer: appends a ModelStreamInferResponse, which has an
  // error as its message, with the request's id if it had one, so that the stream goes on.
  Reply stream(std::span<const std::byte> request, std::vector<std::byte>& out,
               std::chrono::nanoseconds left = kForever) const noexcept;

  // Replaces all routes: see router.h. Throws as Router::set does.
  void route(const std::vector<Route>& routes) { router_.set(routes); }

  // All counts, and those of the transport, as Prometheus scrapes them.
  std::string metrics(const AdmissionCounts& admission) const;

 private:
  Repository* repository_;
  Router router_;
  mutable ShadowQueue shadow_;
  // Of each method in the order of the service's list and of those it does not have; calls of a
  // model that was found are the repository's.
  mutable std::vector<CallMetrics> calls_;
};

}  // namespace kedge
