#include "transport/infer_call.h"

#include <cstddef>
#include <vector>

#include "kedge/base/give_back.h"
#include "kedge/serve/asks_for_explanation.h"
#include "transport/call_terms.h"

namespace kedge {
namespace {

constexpr std::string_view kMethod = "ModelInfer";

}  // namespace

void InferCall::await(std::unique_ptr<InferCall> call) {
  call->has_come_ = false;
  call->rpc_.emplace();
  CallQueue& queue = *call->queue_;
  Rpc& rpc = *call->rpc_;
  grpc::ByteBuffer& message = call->message_;
  queue.infer().request(rpc.context, message, rpc.writer, queue.queue(),
                        static_cast<QueueEvent*>(call.release()));
}

void InferCall::happened(bool is_ok) {
  if (is_ok && !has_come_) return begin();
  permit_.end();
  rpc_.reset();
  message_.Clear();
  whole_.reset();
  queue_->retire(std::unique_ptr<InferCall>(this));
}

void InferCall::begin() {
  has_come_ = true;
  came_ = std::chrono::steady_clock::now();
  queue_->await_infer();
  const auto refused = refusal_of(queue_->desk(), rpc_->context, kMethod, permit_);
  if (refused) return fail(*refused);
  whole_.emplace(message_);
  message_.Clear();
  if (!whole_->is_whole()) return fail({grpc::StatusCode::INTERNAL, "the message was not read"});
  is_long_ = asks_for_explanation(whole_->bytes());
  queue_->add_work(*this);
}

void InferCall::work() {
  if (is_long_) return queue_->desk().side.add([this] { answer_alone(); });
  answer_alone();
}

void InferCall::answer_alone() {
  thread_local std::vector<std::byte> out;
  out.clear();
  const Desk& desk = queue_->desk();
  const grpc::ServerContext& context = rpc_->context;
  answer(desk.service.handle(kMethod, whole_->bytes(), out, time_of(context, came_),
                             traceparent_of(desk, context)),
         out);
}

void InferCall::work_together(std::span<InferCall* const> calls) {
  CallQueue& queue = *calls.front()->queue_;
  std::vector<std::vector<std::byte>> outs(calls.size());
  std::vector<InferTurn> turns(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const grpc::ServerContext& context = calls[i]->rpc_->context;
    turns[i] = {calls[i]->whole_->bytes(),
                &outs[i],
                time_of(context, calls[i]->came_),
                traceparent_of(queue.desk(), context),
                {}};
  }
  queue.desk().service.infer_together(turns, queue.desk().batching.most_rows);
  for (std::size_t i = 0; i < calls.size(); ++i) calls[i]->answer(turns[i].reply, outs[i]);
}

void InferCall::answer(const Reply& reply, std::vector<std::byte>& out) {
  if (reply.code != StatusCode::kOk) return fail(status_of(reply));
  rpc_->writer.Finish(buffer_of(out), grpc::Status::OK, static_cast<QueueEvent*>(this));
  if (out.capacity() > kMostKeptAnswer) give_back(out);
}

void InferCall::fail(const grpc::Status& status) {
  rpc_->writer.FinishWithError(status, static_cast<QueueEvent*>(this));
}

}  // namespace kedge
