// Calls of ModelInfer from one thread that waits for nobody: it starts each when it is due and
// takes answers in between, without ever sleeping.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kedge {

struct CallPlace {
  std::string target;  // as gRPC spells it
  std::size_t connections = 1;
  std::string ca;  // files in PEM; encrypted with the first
  std::string cert;
  std::string key;
  std::vector<std::pair<std::string, std::string>> metadata;
  double timeout_s = 10;
};

// A call that came to its end, in nanoseconds since the run began.
struct CallReading {
  std::size_t number;
  std::int64_t due;
  std::int64_t sent;
  std::int64_t done;
  const grpc::Status& status;
  const grpc::ByteBuffer& answer;
};

class CallReader {
 public:
  virtual ~CallReader() = default;
  virtual void took(const CallReading& reading) = 0;
  // Now and then, between calls.
  virtual void goes_on(std::size_t sent, std::size_t done) = 0;
};

// Calls that wait for an answer; one beyond them ends as RESOURCE_EXHAUSTED, unsent, after its
// timeout: a server that answers nobody must not fill the memory.
inline constexpr std::size_t kMostWaiting = 65536;

class LoadCaller {
 public:
  // Connects. Throws InvalidArgument when nobody answers within the timeout, or a file is not
  // there.
  LoadCaller(const CallPlace& place, std::vector<grpc::ByteBuffer> requests);
  ~LoadCaller();

  // One call at each of the times, which rise; requests take turns.
  void open_loop(std::span<const std::int64_t> due, CallReader& reader);

  // Each call follows the end of another: what a stall hides from.
  void closed_loop(std::size_t calls, std::size_t at_once, CallReader& reader);

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending;

  std::int64_t now() const noexcept { return (Clock::now() - begun_).count(); }
  void begin() noexcept;
  void start(std::int64_t due, CallReader& reader);
  bool take(CallReader& reader, bool waits);
  void report(CallReader& reader, std::int64_t at);

  CallPlace place_;
  std::vector<grpc::ByteBuffer> requests_;
  std::vector<grpc::GenericStub> stubs_;
  grpc::CompletionQueue queue_;
  Clock::time_point begun_;
  std::int64_t next_report_ = 0;
  std::size_t sent_ = 0;
  std::size_t done_ = 0;
};

}  // namespace kedge
