// One call of ModelInfer: it has come with its message, and it has ended.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>

#include "transport/call_queue.h"

namespace kedge {

class InferCall final : public QueuedWork {
 public:
  explicit InferCall(CallQueue& queue) : queue_(&queue) {}

  // Waits for a call to come; the queue has it until it has ended.
  static void await(std::unique_ptr<InferCall> call);
  void happened(bool is_ok) override;
  void work() override;

 private:
  struct Rpc {
    grpc::ServerContext context;
    grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer{&context};
  };

  void begin();
  void fail(const grpc::Status& status);

  CallQueue* queue_;
  std::optional<Rpc> rpc_;
  grpc::ByteBuffer message_;
  bool has_come_ = false;
  bool is_admitted_ = false;
};

}  // namespace kedge
