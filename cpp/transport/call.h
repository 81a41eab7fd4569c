// One call of any method: bytes in, bytes out.
//
// It is one event at a time: the call has come, a message was read, an answer was written, the call
// has ended.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "transport/call_queue.h"

namespace kedge {

class Call final : public QueueEvent {
 public:
  explicit Call(CallQueue& queue) : queue_(&queue) {}

  // Waits for a call to come; the queue has it until it has ended.
  static void await(std::unique_ptr<Call> call);
  void happened(bool is_ok) override;
  // Answers the message that was read.
  void work();

 private:
  enum class State : std::uint8_t { kAwaited, kReading, kWriting, kEnding };
  struct Rpc {
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream{&context};
  };

  void begin();
  std::optional<grpc::Status> refusal();
  void read();
  void was_read(bool is_ok);
  void answer();
  void answer_health();
  void write(const grpc::ByteBuffer& message);
  void end(const grpc::Status& status);

  CallQueue* queue_;
  std::optional<Rpc> rpc_;
  grpc::ByteBuffer message_;
  State state_ = State::kAwaited;
  bool is_admitted_ = false;
  bool is_stream_ = false;
  std::string_view method_;  // without its service; empty for health
};

}  // namespace kedge
