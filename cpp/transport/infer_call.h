// One call of ModelInfer: it has come with its message, and it has ended.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "transport/call_queue.h"
#include "transport/permit.h"
#include "transport/whole_message.h"

namespace kedge {

class InferCall final : public QueuedWork {
 public:
  explicit InferCall(CallQueue& queue) : queue_(&queue) {}

  // Waits for a call to come; the queue has it until it has ended.
  static void await(std::unique_ptr<InferCall> call);
  void happened(bool is_ok) override;
  void work() override;
  // None when it wants an explanation, which no batch waits for.
  InferCall* infer() noexcept override { return is_long_ ? nullptr : this; }
  // Works for all of them, which have batching.h's bound in common.
  static void work_together(std::span<InferCall* const> calls);

 private:
  struct Rpc {
    Rpc() : writer(&context) {}
    grpc::ServerContext context;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer;
  };

  void begin();
  void answer_alone();
  void answer(const Reply& reply, std::vector<std::byte>& out);
  void fail(const grpc::Status& status);

  CallQueue* queue_;
  std::optional<Rpc> rpc_;
  grpc::ByteBuffer message_;
  std::optional<WholeMessage> whole_;  // from then on, instead
  std::chrono::steady_clock::time_point came_;
  bool has_come_ = false;
  bool is_long_ = false;
  Permit permit_;
};

}  // namespace kedge
