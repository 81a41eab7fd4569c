#include "transport/call.h"

#include <algorithm>
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
constexpr std::size_t kMostKept = std::size_t{1} << 22;  // of an answer's memory

grpc::Status status_of(const Reply& reply) {
  return {static_cast<grpc::StatusCode>(reply.code), reply.message};
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
  queue_->await_call();
  const std::string_view path = rpc_->context.method();
  recognize(path);
  if (kind_ == Kind::kUnknown) {
    return end({grpc::StatusCode::UNIMPLEMENTED, text("method \"", path, "\" is not served")});
  }
  if (const auto refused = kind_ == Kind::kHealth ? std::nullopt : refusal()) return end(*refused);
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
  if (out.capacity() > kMostKept) out = {};
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
