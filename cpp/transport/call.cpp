#include "transport/call.h"

#include <chrono>
#include <string>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/protobuf_write.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

constexpr std::string_view kServices[] = {"/inference.GRPCInferenceService/", "/kedge.v1.Kedge/"};
constexpr std::string_view kStreamed = "ModelStreamInfer";

grpc::Status status_of(const Reply& reply) {
  return {static_cast<grpc::StatusCode>(reply.code), reply.message};
}

std::string_view method_of(std::string_view path) noexcept {
  for (const std::string_view service : kServices) {
    if (path.starts_with(service)) return path.substr(service.size());
  }
  return {};
}

std::string_view view_of(const grpc::string_ref& text) noexcept {
  return {text.data(), text.size()};
}

// Empty unless there is exactly one.
std::string_view authorization(const grpc::ServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range("authorization");
  if (first == last || std::next(first) != last) return {};
  return view_of(first->second);
}

std::chrono::nanoseconds left_of(const grpc::ServerContext& context) {
  const gpr_timespec end = context.raw_deadline();
  if (gpr_time_cmp(end, gpr_inf_future(end.clock_type)) == 0) return Service::kForever;
  const gpr_timespec left = gpr_time_sub(end, gpr_now(end.clock_type));
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

}  // namespace

void Call::await(std::unique_ptr<Call> call) {
  call->state_ = State::kAwaited;
  call->is_admitted_ = false;
  call->rpc_.emplace();
  CallQueue& queue = *call->queue_;
  Rpc& rpc = *call->rpc_;
  queue.service().RequestCall(&rpc.context, &rpc.stream, queue.queue(), queue.queue(),
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

void Call::begin() {
  queue_->await_call();
  const std::string_view path = rpc_->context.method();
  method_ = method_of(path);
  is_stream_ = method_ == kStreamed;
  if (method_.empty() && path != kHealthCheck) {
    return end({grpc::StatusCode::UNIMPLEMENTED, text("method \"", path, "\" is not served")});
  }
  if (const auto refused = method_.empty() ? std::nullopt : refusal()) return end(*refused);
  read();
}

std::optional<grpc::Status> Call::refusal() {
  Desk& desk = queue_->desk();
  if (const Published<std::optional<Tokens>>::Pin tokens(desk.tokens); *tokens) {
    const TokenScope scope = (*tokens)->scope(authorization(rpc_->context));
    if (scope == TokenScope::kNone) {
      return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "a known bearer token is wanted");
    }
    if (!may_call(scope, method_)) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                          text(method_, " wants a token of scope admin"));
    }
  }
  is_admitted_ = desk.admission.enter();
  if (is_admitted_) return std::nullopt;
  return grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      text(desk.admission.most(), " calls are answered or wait, the most there may be"));
}

void Call::read() {
  state_ = State::kReading;
  rpc_->stream.Read(&message_, static_cast<QueueEvent*>(this));
}

void Call::was_read(bool is_ok) {
  if (is_ok) return method_.empty() ? answer_health() : queue_->add_work(*this);
  if (is_stream_) return end(grpc::Status::OK);
  end({grpc::StatusCode::INVALID_ARGUMENT, "the call has no message"});
}

void Call::work() {
  if (is_admin_method(method_)) return queue_->desk().side.add([this] { answer(); });
  answer();
}

void Call::answer() {
  thread_local std::vector<std::byte> out;
  out.clear();
  const Service& service = queue_->desk().service;
  const WholeMessage message(message_);
  if (!message.is_whole()) return end({grpc::StatusCode::INTERNAL, "the message was not read"});
  const std::chrono::nanoseconds left = left_of(rpc_->context);
  const Reply reply = is_stream_ ? service.stream(message.bytes(), out, left)
                                 : service.handle(method_, message.bytes(), out, left);
  if (reply.code != StatusCode::kOk) return end(status_of(reply));
  write(buffer_of(out));
}

void Call::answer_health() {
  try {
    const HealthState state = queue_->desk().health.state(WholeMessage(message_).bytes());
    if (state == HealthState::kUnknown) {
      return end({grpc::StatusCode::NOT_FOUND, "the service is not served"});
    }
    std::vector<std::byte> out;
    ProtoWriter(out).integer(1, static_cast<std::uint64_t>(state));
    write(buffer_of(out));
  } catch (const Error& error) {
    end({grpc::StatusCode::INVALID_ARGUMENT, error.what()});
  }
}

void Call::write(const grpc::ByteBuffer& message) {
  auto* const tag = static_cast<QueueEvent*>(this);
  if (is_stream_) {
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
