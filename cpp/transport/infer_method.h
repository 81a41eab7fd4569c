// ModelInfer as a method that gRPC knows: its message comes with the call, which saves every call a
// turn of the queue. All other methods are calls of the generic service.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

namespace kedge {

class InferMethod final : public grpc::Service {
 public:
  InferMethod() {
    using Method = grpc::internal::RpcServiceMethod;
    AddMethod(new Method("/inference.GRPCInferenceService/ModelInfer",
                         grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRaw(0);
  }

  void request(grpc::ServerContext& context, grpc::ByteBuffer& message,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>& writer,
               grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(0, &context, &message, &writer, queue, queue, tag);
  }
};

}  // namespace kedge
