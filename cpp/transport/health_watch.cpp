#include "transport/health_watch.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/protobuf_write.h"
#include "transport/whole_message.h"

namespace kedge {

class HealthWatcher final : public QueueEvent {
 public:
  explicit HealthWatcher(HealthWatch& watch) : watch_(&watch) {
    watch.queue_->hold();
    context_.AsyncNotifyWhenDone(static_cast<QueueEvent*>(&gone_));
    grpc::ServerCompletionQueue* const queue = watch.queue_->queue();
    watch.RequestAsyncServerStreaming(0, &context_, &request_, &writer_, queue, queue,
                                      static_cast<QueueEvent*>(this));
  }
  ~HealthWatcher() override { watch_->queue_->let_go(); }

  void happened(bool is_ok) override {
    switch (state_) {
      case State::kAwaited:
        if (is_ok) return begin();
        delete this;
        return;
      case State::kTelling:
        state_ = State::kIdle;
        return is_ok ? tell() : end(grpc::Status::CANCELLED);
      case State::kIdle:
        return;
      case State::kEnding:
        state_ = State::kOver;
        return forget();
      case State::kOver:
        return;
    }
  }

  // What has not been told, unless something still is.
  void tell() {
    if (state_ != State::kIdle) return;
    if (is_gone_) return end(grpc::Status::CANCELLED);
    try {
      const bool is_over = !watch_->health_->is_serving();  // before the state, which may change
      const HealthState now = watch_->health_->state(WholeMessage(request_).bytes());
      if (now == said_) {
        if (is_over) end(grpc::Status::OK);
        return;
      }
      said_ = now;
      std::vector<std::byte> out;
      ProtoWriter(out).integer(1, static_cast<std::uint64_t>(now));
      state_ = State::kTelling;
      writer_.Write(buffer_of(out), static_cast<QueueEvent*>(this));
    } catch (const Error& error) {
      end({grpc::StatusCode::INVALID_ARGUMENT, error.what()});
    }
  }

 private:
  enum class State : std::uint8_t { kAwaited, kIdle, kTelling, kEnding, kOver };
  // The caller is; or the call has ended.
  struct Gone final : QueueEvent {
    explicit Gone(HealthWatcher& of) : watcher(&of) {}
    void happened(bool) override {
      watcher->is_gone_ = true;
      watcher->state_ == State::kOver ? watcher->forget() : watcher->tell();
    }
    HealthWatcher* watcher;
  };

  void begin() {
    watch_->await_watcher();
    watch_->watchers_.insert(this);
    if (watch_->watchers_.size() > HealthWatch::kMost) {
      return end({grpc::StatusCode::RESOURCE_EXHAUSTED,
                  text(HealthWatch::kMost, " already watch, use Check")});
    }
    state_ = State::kIdle;
    tell();
  }

  void end(const grpc::Status& status) {
    state_ = State::kEnding;
    writer_.Finish(status, static_cast<QueueEvent*>(this));
  }

  void forget() {
    if (!is_gone_) return;
    watch_->watchers_.erase(this);
    delete this;
  }

  HealthWatch* watch_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_{&context_};
  Gone gone_{*this};
  State state_ = State::kAwaited;
  HealthState said_ = HealthState::kNone;
  bool is_gone_ = false;
};

HealthWatch::HealthWatch(const Health& health) : health_(&health) {
  using Method = grpc::internal::RpcServiceMethod;
  AddMethod(new Method(kHealthWatch, grpc::internal::RpcMethod::SERVER_STREAMING, nullptr));
  MarkMethodRaw(0);
}

void HealthWatch::start(CallQueue& queue) {
  queue_ = &queue;
  await_watcher();
}

void HealthWatch::stop() {
  if (queue_ == nullptr) return;
  stopped_.Set(queue_->queue(), gpr_now(GPR_CLOCK_MONOTONIC), static_cast<QueueEvent*>(this));
}

// It has itself until it is forgotten: gRPC holds it meanwhile.
void HealthWatch::await_watcher() { new HealthWatcher(*this); }

void HealthWatch::happened(bool) {
  const std::vector<HealthWatcher*> told(watchers_.begin(), watchers_.end());
  for (HealthWatcher* const watcher : told) watcher->tell();
}

}  // namespace kedge
