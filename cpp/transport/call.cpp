#include "transport/call.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/protobuf_write.h"
#include "transport/call_terms.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

constexpr std::string_view kServices[] = {"/inference.GRPCInferenceService/", "/kedge.v1.Kedge/"};
constexpr std::string_view kStreamed = "ModelStreamInfer";

}  // namespace

void Call::await(std::unique_ptr<Call> call) {
  call->state_ = State::kAwaited;
  call->is_admitted_ = false;
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
  if (is_admitted_) queue_->desk().admission.leave();
  rpc_.reset();
  message_.Clear();
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
    const auto refused = refusal_of(queue_->desk(), rpc_->context, method_);
    if (refused) return end(*refused);
    is_admitted_ = true;
  }
  read();
}

void Call::read() {
  state_ = State::kReading;
  rpc_->stream.Read(&message_, static_cast<QueueEvent*>(this));
}

void Call::was_read(bool is_ok) {
  if (is_ok) return kind_ == Kind::kHealth ? answer() : queue_->add_work(*this);
  if (is_stream()) return end(grpc::Status::OK);
  end({grpc::StatusCode::INVALID_ARGUMENT, "the call has no message"});
}

void Call::work() {
  if (is_admin_method(method_)) return queue_->desk().side.add([this] { answer(); });
  answer();
}

void Call::answer() {
  thread_local std::vector<std::byte> out;
  out.clear();
  const WholeMessage message(message_);
  if (!message.is_whole()) return end({grpc::StatusCode::INTERNAL, "the message was not read"});
  try {
    const Reply reply = reply_to(message.bytes(), out);
    if (reply.code != StatusCode::kOk) return end(status_of(reply));
  } catch (const Error& error) {
    return end({grpc::StatusCode::INVALID_ARGUMENT, error.what()});
  }
  write(buffer_of(out));
  if (out.capacity() > kMostKeptAnswer) out = {};
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
  const std::chrono::nanoseconds left = left_of(rpc_->context);
  return kind_ == Kind::kStream ? desk.service.stream(request, out, left)
                                : desk.service.handle(method_, request, out, left);
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
