#include "transport/call_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "transport/call.h"
#include "transport/infer_call.h"

namespace kedge {
namespace {

constexpr std::size_t kAwaited = 16;  // calls that may come before the first is looked at
constexpr std::size_t kMostSpare = 64;
// Events and work take turns, lest one of them keep the other waiting.
constexpr int kMostEvents = 256;
constexpr std::chrono::microseconds kTurn(200);

template <class Kind>
std::unique_ptr<Kind> taken(std::vector<std::unique_ptr<Kind>>& spare, CallQueue& queue) {
  if (spare.empty()) return std::make_unique<Kind>(queue);
  std::unique_ptr<Kind> call = std::move(spare.back());
  spare.pop_back();
  return call;
}

template <class Kind>
void keep(std::vector<std::unique_ptr<Kind>>& spare, std::unique_ptr<Kind> call) {
  if (spare.size() < kMostSpare) spare.push_back(std::move(call));
}

}  // namespace

CallQueue::CallQueue(Desk& desk, InferMethod& infer, grpc::AsyncGenericService& others,
                     std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : desk_(&desk), infer_(&infer), others_(&others), queue_(std::move(queue)) {}

CallQueue::~CallQueue() = default;

void CallQueue::start() {
  for (std::size_t i = 0; i < kAwaited; ++i) {
    await_infer();
    await_other();
  }
  thread_ = std::thread([this] { run(); });
}

void CallQueue::await_end() const noexcept {
  for (std::size_t held = held_; held != 0; held = held_) held_.wait(held);
}

void CallQueue::finish() {
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    run();
  }
}

void CallQueue::await_infer() {
  hold();
  InferCall::await(taken(spare_infers_, *this));
}
void CallQueue::await_other() {
  hold();
  Call::await(taken(spare_others_, *this));
}

void CallQueue::retire(std::unique_ptr<InferCall> call) {
  keep(spare_infers_, std::move(call));
  let_go();
}
void CallQueue::retire(std::unique_ptr<Call> call) {
  keep(spare_others_, std::move(call));
  let_go();
}

// False when the queue has ended.
bool CallQueue::take_events() {
  for (int i = 0; i < kMostEvents; ++i) {
    void* tag = nullptr;
    bool is_ok = false;
    if (work_.empty()) {
      has_rested_ = !look(&tag, &is_ok);
      if (has_rested_ && !queue_->Next(&tag, &is_ok)) return false;
    } else if (is_alone() || !take_waiting(&tag, &is_ok)) {
      return true;
    }
    static_cast<QueueEvent*>(tag)->happened(is_ok);
  }
  return true;
}

// A look goes to one socket, where there may be nothing but that an answer has been sent: only two
// in vain say that nobody waits.
bool CallQueue::take_waiting(void** tag, bool* is_ok) {
  return look(tag, is_ok) || look(tag, is_ok);
}

bool CallQueue::look(void** tag, bool* is_ok) {
  return queue_->AsyncNext(tag, is_ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) ==
         grpc::CompletionQueue::GOT_EVENT;
}

// Whether there is no call but the one at hand: asking what else there is would take longer than
// many a call. Where nobody waited for it there may be calls that nothing has counted yet.
bool CallQueue::is_alone() const noexcept {
  return has_rested_ && work_.size() == 1 && desk_->admission.read().in_flight == 1;
}

// Those that were answered together come back together, if they do: for them a call waits, for an
// eighth of what answering them took, as little is won by sparing a short work. Who has been alone
// does not wait.
void CallQueue::await_company() {
  const Batching& batching = desk_->batching;
  if (!batching.is_on() || together_.size() < 2) return;
  const auto now = std::chrono::steady_clock::now();
  const auto patience = std::min<std::chrono::nanoseconds>(batching.most_wait, took_ / 8);
  if (now - parted_ > patience) return;
  const auto end = now + patience;
  void* tag = nullptr;
  bool is_ok = false;
  while (work_.size() < together_.size() && std::chrono::steady_clock::now() < end) {
    if (take_waiting(&tag, &is_ok)) static_cast<QueueEvent*>(tag)->happened(is_ok);
  }
}

// The first one, or as many as may be scored with it.
void CallQueue::do_next() {
  together_.clear();
  const std::size_t most = std::max<std::size_t>(desk_->batching.most_rows, 1);
  while (!work_.empty() && together_.size() < most && work_.front()->infer() != nullptr) {
    together_.push_back(work_.front()->infer());
    work_.pop_front();
  }
  if (together_.size() > 1) {
    const auto start = std::chrono::steady_clock::now();
    InferCall::work_together(together_);
    parted_ = std::chrono::steady_clock::now();
    took_ = parted_ - start;
    return;
  }
  QueuedWork* work = nullptr;
  if (together_.empty()) {
    work = work_.front();
    work_.pop_front();
  } else {
    work = together_.front();
  }
  work->work();
}

void CallQueue::do_work() {
  const auto end = std::chrono::steady_clock::now() + kTurn;
  while (!work_.empty()) {
    do_next();
    if (std::chrono::steady_clock::now() >= end) return;
  }
}

void CallQueue::run() {
  while (take_events()) {
    await_company();
    do_work();
  }
}

}  // namespace kedge
