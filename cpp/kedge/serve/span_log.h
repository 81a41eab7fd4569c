// Spans of calls, handed to another process that exports them: a collector that is slow or gone is
// no call's matter.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kedge/serve/bounded_queue.h"
#include "kedge/serve/call_span.h"

namespace kedge {

// Any number of threads may begin and add; nobody waits, nothing is allocated. What finds the queue
// or the socket full is dropped and counted.
class SpanLog {
 public:
  // `share` of the calls that are nobody's part are traced; of the others, those whose callers are.
  // `socket` is one of packets (AF_UNIX, SOCK_SEQPACKET), each of which becomes some spans; it is
  // closed at the end. Throws InvalidArgument for another one, or a share out of its bounds.
  SpanLog(double share, int socket);
  SpanLog(const SpanLog&) = delete;
  SpanLog& operator=(const SpanLog&) = delete;
  // What waits is handed on.
  ~SpanLog();

  // None for a call that is not traced; `traceparent` as its caller sent it, or nothing.
  std::optional<CallSpan> begin(std::string_view traceparent) noexcept;
  void add(const CallSpan& span) noexcept;
  void expose(std::string& out) const;

 private:
  static constexpr std::size_t kMost = 4096;

  void run();
  void hand_on();
  void send();

  double share_;
  int socket_;
  std::uint64_t seed_;
  BoundedQueue<CallSpan, kMost> waiting_;
  std::vector<std::byte> packet_;
  std::uint64_t packed_ = 0;  // spans in it
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kedge
