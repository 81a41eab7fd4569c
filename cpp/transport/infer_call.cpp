#include "transport/infer_call.h"

#include <cstddef>
#include <vector>

#include "transport/call_terms.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

constexpr std::string_view kMethod = "ModelInfer";

}  // namespace

void InferCall::await(std::unique_ptr<InferCall> call) {
  call->has_come_ = false;
  call->is_admitted_ = false;
  call->rpc_.emplace();
  CallQueue& queue = *call->queue_;
  Rpc& rpc = *call->rpc_;
  grpc::ByteBuffer& message = call->message_;
  queue.infer().request(rpc.context, message, rpc.writer, queue.queue(),
                        static_cast<QueueEvent*>(call.release()));
}

void InferCall::happened(bool is_ok) {
  if (is_ok && !has_come_) return begin();
  if (is_admitted_) queue_->desk().admission.leave();
  rpc_.reset();
  message_.Clear();
  queue_->retire(std::unique_ptr<InferCall>(this));
}

void InferCall::begin() {
  has_come_ = true;
  queue_->await_infer();
  const auto refused = refusal_of(queue_->desk(), rpc_->context, kMethod);
  if (refused) return fail(*refused);
  is_admitted_ = true;
  queue_->add_work(*this);
}

void InferCall::work() {
  thread_local std::vector<std::byte> out;
  out.clear();
  const WholeMessage message(message_);
  if (!message.is_whole()) return fail({grpc::StatusCode::INTERNAL, "the message was not read"});
  const Service& service = queue_->desk().service;
  const Reply reply = service.handle(kMethod, message.bytes(), out, left_of(rpc_->context));
  if (reply.code != StatusCode::kOk) return fail(status_of(reply));
  rpc_->writer.Finish(buffer_of(out), grpc::Status::OK, static_cast<QueueEvent*>(this));
  if (out.capacity() > kMostKeptAnswer) out = {};
}

void InferCall::fail(const grpc::Status& status) {
  rpc_->writer.FinishWithError(status, static_cast<QueueEvent*>(this));
}

}  // namespace kedge
