// Health/Watch: who is told when the server stops. Not one of the calls of call.h, as it is told
// when a caller has gone.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>

#include <cstddef>
#include <unordered_set>

#include "transport/call_queue.h"
#include "transport/health.h"

namespace kedge {

class HealthWatcher;

// On one queue's thread, but for stop.
class HealthWatch final : public grpc::Service, private QueueEvent {
 public:
  explicit HealthWatch(const Health& health);

  void start(CallQueue& queue);
  // When the health has changed: everyone is told. Any thread, once.
  void stop();

 private:
  friend class HealthWatcher;
  static constexpr std::size_t kMost = 64;  // that watch

  void await_watcher();
  void happened(bool is_ok) override;

  const Health* health_;
  CallQueue* queue_ = nullptr;
  grpc::Alarm stopped_;
  std::unordered_set<HealthWatcher*> watchers_;
};

}  // namespace kedge
