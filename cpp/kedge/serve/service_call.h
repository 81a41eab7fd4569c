// One call of a method: what it asks, where its answer goes, and what its end is told to.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/serve/call_metrics.h"
#include "kedge/serve/call_span.h"
#include "kedge/serve/follow_up.h"
#include "kedge/serve/ready_scores.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/request_log.h"
#include "kedge/serve/router.h"
#include "kedge/serve/shadow_queue.h"
#include "kedge/serve/shared_regions.h"

namespace kedge {

struct ServiceCall {
  Repository& repository;
  const Router& router;
  ShadowQueue& shadow;
  FollowUp& follow_up;
  RequestLog* log;
  SharedRegions* regions;  // null: shared memory is off
  std::span<const std::byte> request;
  std::vector<std::byte>& out;
  CallMetrics*& metrics;  // where the call is counted
  std::size_t& rows;      // that were scored
  CanaryArm& arm;         // where its end is told
  std::string_view& id;   // the request's
  CallSpan* span;         // of a call that is traced, else none
  std::chrono::steady_clock::time_point start;
  std::chrono::nanoseconds left;
  const ReadyScores& ready;
  const std::atomic<bool>& is_stopping;

  std::chrono::nanoseconds since_start() const { return std::chrono::steady_clock::now() - start; }
};

}  // namespace kedge
