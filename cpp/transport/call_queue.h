// A completion queue of gRPC and the thread that takes what comes out of it.
//
// Events are looked at before work is done, so that calls beyond the bound are refused at once and
// not when their turn has come; and work is done in the order in which calls were taken on.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <thread>

#include "transport/desk.h"

namespace kedge {

// What the queue tells of.
class QueueEvent {
 public:
  QueueEvent() = default;
  QueueEvent(const QueueEvent&) = delete;
  QueueEvent& operator=(const QueueEvent&) = delete;
  virtual void happened(bool is_ok) = 0;

 protected:
  virtual ~QueueEvent() = default;
};

class Call;

class CallQueue {
 public:
  CallQueue(Desk& desk, grpc::AsyncGenericService& service,
            std::unique_ptr<grpc::ServerCompletionQueue> queue);
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;
  ~CallQueue();

  // When the server has started.
  void start();
  // When the server has shut down: returns once everything has come out of the queue.
  void finish();

  // For calls, on the queue's thread.
  Desk& desk() const noexcept { return *desk_; }
  grpc::AsyncGenericService& service() const noexcept { return *service_; }
  grpc::ServerCompletionQueue* queue() const noexcept { return queue_.get(); }
  void await_call();  // one more may come
  void add_work(Call& call) { work_.push_back(&call); }
  void retire(std::unique_ptr<Call> call);

 private:
  void run();
  bool take_events();
  bool take_waiting(void** tag, bool* is_ok);
  bool has_all_calls() const noexcept;
  void do_work();

  Desk* desk_;
  grpc::AsyncGenericService* service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::deque<Call*> work_;
  std::vector<std::unique_ptr<Call>> spare_;
  std::thread thread_;
};

}  // namespace kedge
