// A completion queue of gRPC and the thread that takes what comes out of it.
//
// Events are looked at before work is done, so that calls beyond the bound are refused at once and
// not when their turn has come; and work is done in the order in which calls were taken on.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "transport/desk.h"
#include "transport/infer_method.h"
#include "transport/queue_event.h"

namespace kedge {

class Call;
class InferCall;

class CallQueue {
 public:
  CallQueue(Desk& desk, InferMethod& infer, grpc::AsyncGenericService& others,
            std::unique_ptr<grpc::ServerCompletionQueue> queue);
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;
  ~CallQueue();

  // When the server has started.
  void start();
  // When the server has shut down: returns once no call is under way, so that nothing more is asked
  // of the queue; the threads that answer go on meanwhile.
  void await_end() const noexcept;
  // After that: returns once everything has come out of the queue.
  void finish();

  // For calls, on the queue's thread.
  Desk& desk() const noexcept { return *desk_; }
  InferMethod& infer() const noexcept { return *infer_; }
  grpc::AsyncGenericService& others() const noexcept { return *others_; }
  grpc::ServerCompletionQueue* queue() const noexcept { return queue_.get(); }
  // One more may come, in place of one that has.
  void await_infer();
  void await_other();
  void add_work(QueuedWork& work) { work_.push_back(&work); }
  // Who waits for a call, or has one, is counted until it lets go.
  void hold() noexcept { held_.fetch_add(1); }
  void let_go() noexcept {
    if (held_.fetch_sub(1) == 1) held_.notify_all();
  }
  void retire(std::unique_ptr<InferCall> call);
  void retire(std::unique_ptr<Call> call);

 private:
  void run();
  bool take_events();
  bool take_waiting(void** tag, bool* is_ok);
  bool look(void** tag, bool* is_ok);
  bool is_alone() const noexcept;
  void await_company();
  void do_work();
  void do_next();

  Desk* desk_;
  InferMethod* infer_;
  grpc::AsyncGenericService* others_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::deque<QueuedWork*> work_;
  bool has_rested_ = true;            // before the event that was taken last while no work was left
  std::vector<InferCall*> together_;  // that are scored at once, or were last
  std::chrono::steady_clock::time_point parted_;  // when they were answered
  std::chrono::nanoseconds took_{0};              // what that took
  std::vector<std::unique_ptr<InferCall>> spare_infers_;
  std::vector<std::unique_ptr<Call>> spare_others_;
  std::atomic<std::size_t> held_ = 0;
  std::thread thread_;
};

}  // namespace kedge
