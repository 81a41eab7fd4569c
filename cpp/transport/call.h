// One call of any method: bytes in, bytes out.
//
// It is one event at a time: the call has come, a message was read, an answer was written, the call
// has ended.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "transport/call_queue.h"
#include "transport/permit.h"
#include "transport/whole_message.h"

namespace kedge {

class Call final : public QueuedWork {
 public:
  explicit Call(CallQueue& queue) : queue_(&queue) {}

  // Waits for a call to come; the queue has it until it has ended.
  static void await(std::unique_ptr<Call> call);
  void happened(bool is_ok) override;
  // Answers the message that was read.
  void work() override;

 private:
  enum class State : std::uint8_t { kAwaited, kReading, kWriting, kEnding };
  enum class Kind : std::uint8_t { kUnknown, kUnary, kStream, kReflection, kHealth };
  struct Rpc {
    Rpc() : stream(&context) {}
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream;
  };

  void begin();
  void recognize(std::string_view path);
  void read();
  void was_read(bool is_ok);
  bool is_long() const;
  void answer();
  Reply reply_to(std::span<const std::byte> request, std::vector<std::byte>& out) const;
  bool is_stream() const noexcept;
  void write(const grpc::ByteBuffer& message);
  void end(const grpc::Status& status);

  CallQueue* queue_;
  std::optional<Rpc> rpc_;
  grpc::ByteBuffer message_;
  std::optional<WholeMessage> whole_;  // what was read last
  State state_ = State::kAwaited;
  std::chrono::steady_clock::time_point came_;  // the message that is answered
  Permit permit_;
  Kind kind_ = Kind::kUnknown;
  std::string_view method_;  // without its service
};

}  // namespace kedge
