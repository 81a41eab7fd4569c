#include "transport/call.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/give_back.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/asks_for_explanation.h"
#include "transport/call_terms.h"

namespace kedge {
namespace {

constexpr std::string_view kServices[] = {"/inference.GRPCInferenceService/", "/kedge.v1.Kedge/"};
constexpr std::string_view kStreamed = "ModelStreamInfer";
constexpr std::string_view kInfer = "ModelInfer";
constexpr std::string_view kExplain = "Explain";
constexpr std::string_view kKept = "Feedback";

}  // namespace

void Call::await(std::unique_ptr<Call> call) {
  call->state_ = State::kAwaited;
  call->rpc_.emplace();
  CallQueue& queue = *call->queue_;
  Rpc& rpc = *call->rpc_;
  queue.others().RequestCall(&rpc.context, &rpc.stream, queue.queue(), queue.queue(),
                             static_cast<QueueEvent*>(call.release()));
}

void Call::happened(bool is_ok) {
  switch (state_) {
    case State::kAwaited:
      if (is_ok) return begin();
      break;
    case State::kReading:
      return was_read(is_ok);
    case State::kWriting:
      return is_ok ? read() : end(grpc::Status::CANCELLED);
    case State::kEnding:
      break;
  }
  permit_.end();
  rpc_.reset();
  message_.Clear();
  whole_.reset();
  queue_->retire(std::unique_ptr<Call>(this));
}

void Call::recognize(std::string_view path) {
  kind_ = path == kHealthCheck                              ? Kind::kHealth
          : std::ranges::count(kReflectionPaths, path) != 0 ? Kind::kReflection
                                                            : Kind::kUnknown;
  method_ = path.substr(path.rfind('/') + 1);
  for (const std::string_view service : kServices) {
    if (!path.starts_with(service)) continue;
    kind_ = method_ == kStreamed ? Kind::kStream : Kind::kUnary;
    method_ = path.substr(service.size());
  }
}

void Call::begin() {
  queue_->await_other();
  const std::string_view path = rpc_->context.method();
  recognize(path);
  if (kind_ == Kind::kUnknown) {
    return end({grpc::StatusCode::UNIMPLEMENTED, text("method \"", path, "\" is not served")});
  }
  if (kind_ != Kind::kHealth) {
    const auto refused = refusal_of(queue_->desk(), rpc_->context, method_, permit_);
    if (refused) return end(*refused);
  }
  read();
}

void Call::read() {
  state_ = State::kReading;
  rpc_->stream.Read(&message_, static_cast<QueueEvent*>(this));
}

void Call::was_read(bool is_ok) {
  came_ = std::chrono::steady_clock::now();
  if (is_ok) {
    whole_.emplace(message_);
    message_.Clear();
    return kind_ == Kind::kHealth ? answer() : queue_->add_work(*this);
  }
  if (is_stream()) return end(grpc::Status::OK);
  end({grpc::StatusCode::INVALID_ARGUMENT, "the call has no message"});
}

void Call::work() {
  Desk& desk = queue_->desk();
  if (is_long()) return desk.side.add([this] { answer(); });
  if (method_ == kKept) return desk.keeper().add([this] { answer(); });
  if (is_admin_method(method_)) return desk.loader.add([this] { answer(); });
  answer();
}

// What takes longer than a score, for which everybody else would wait.
bool Call::is_long() const {
  const bool may_ask = kind_ == Kind::kStream || method_ == kInfer;
  if (may_ask) return asks_for_explanation(whole_->bytes());
  return method_ == kExplain;
}

void Call::answer() {
  thread_local std::vector<std::byte> out;
  out.clear();
  if (!whole_->is_whole()) return end({grpc::StatusCode::INTERNAL, "the message was not read"});
  try {
    const Reply reply = reply_to(whole_->bytes(), out);
    if (reply.code != StatusCode::kOk) return end(status_of(reply));
  } catch (const Error& error) {
    return end({grpc::StatusCode::INVALID_ARGUMENT, error.what()});
  }
  write(buffer_of(out));
  if (out.capacity() > kMostKeptAnswer) give_back(out);
}

// Throws what is wrong with a request that is not for the service.
Reply Call::reply_to(std::span<const std::byte> request, std::vector<std::byte>& out) const {
  const Desk& desk = queue_->desk();
  if (kind_ == Kind::kReflection) {
    desk.reflection.answer(request, out);
    return {};
  }
  if (kind_ == Kind::kHealth) {
    const HealthState state = desk.health.state(request);
    if (state == HealthState::kUnknown) return {StatusCode::kNotFound, "the service is not served"};
    ProtoWriter(out).integer(1, static_cast<std::uint64_t>(state));
    return {};
  }
  const CallTime time = time_of(rpc_->context, came_);
  const std::string_view parent = traceparent_of(desk, rpc_->context);
  return kind_ == Kind::kStream ? desk.service.stream(request, out, time, parent)
                                : desk.service.handle(method_, request, out, time, parent);
}

bool Call::is_stream() const noexcept {
  return kind_ == Kind::kStream || kind_ == Kind::kReflection;
}

void Call::write(const grpc::ByteBuffer& message) {
  auto* const tag = static_cast<QueueEvent*>(this);
  if (is_stream()) {
    state_ = State::kWriting;
    rpc_->stream.Write(message, tag);
  } else {
    state_ = State::kEnding;
    rpc_->stream.WriteAndFinish(message, {}, grpc::Status::OK, tag);
  }
}

void Call::end(const grpc::Status& status) {
  state_ = State::kEnding;
  rpc_->stream.Finish(status, static_cast<QueueEvent*>(this));
}

}  // namespace kedge
