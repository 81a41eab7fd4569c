// Counts as the text that Prometheus scrapes, version 0.0.4.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "kedge/serve/admission.h"
#include "kedge/serve/call_metrics.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/shadow_queue.h"

namespace kedge {

// Calls of one method; of a model where one was found.
struct CountedCalls {
  std::string_view method;
  std::string_view model;
  std::string_view version;
  CallCounts counts;
  const CallMetrics* exemplars = nullptr;  // of them, where they are wanted
};

std::string exposition(std::span<const CountedCalls> calls, std::span<const ModelStatus> models,
                       const std::map<ShadowQueue::Key, ShadowCounts>& shadows,
                       const AdmissionCounts& admission);

}  // namespace kedge
