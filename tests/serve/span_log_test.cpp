#include "kedge/serve/span_log.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "kedge/base/protobuf.h"

namespace kedge {
namespace {

constexpr std::string_view kSampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view kUnsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

struct Ends {
  Ends() { CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends.data()) == 0); }
  std::array<int, 2> ends{};
};

// Spans of all packets, until the other end is closed.
std::size_t spans_from(int socket) {
  std::vector<std::byte> packet(std::size_t{1} << 18);
  std::size_t spans = 0;
  for (ssize_t got = 0; (got = recv(socket, packet.data(), packet.size(), 0)) > 0;) {
    const auto bytes = std::span(packet).first(static_cast<std::size_t>(got));
    for (ProtoReader reader(bytes, "ScopeSpans"); reader.next();) spans += reader.field() == 2;
  }
  close(socket);
  return spans;
}

TEST("many threads leave spans, and each is handed on or counted as dropped") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 3000;
  const Ends pair;
  auto log = std::make_unique<SpanLog>(0.5, pair.ends[0]);
  std::size_t read = 0;
  std::thread reader([&] { read = spans_from(pair.ends[1]); });
  std::atomic<std::size_t> begun = 0;
  std::atomic<std::size_t> wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::size_t j = 0; j < kEach; ++j) {
        const auto span = log->begin(j % 3 == 0 ? kSampled : j % 3 == 1 ? kUnsampled : "");
        if (!span) continue;
        wrong += span->has_parent != (j % 3 == 0);
        log->add(*span);
        ++begun;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(begun > kThreads * kEach / 3);
  CHECK(begun < kThreads * kEach * 2 / 3);
  log.reset();
  reader.join();
  CHECK(read <= begun);
  CHECK(read > 0);
}

TEST("a share of the calls that are nobody's part is traced") {
  for (const double share : {0.0, 0.25, 1.0}) {
    const Ends pair;
    std::size_t traced = 0;
    {
      SpanLog log(share, pair.ends[0]);
      for (int i = 0; i < 10'000; ++i) traced += log.begin({}).has_value();
    }
    close(pair.ends[1]);
    const double expected = 10'000 * share;
    CHECK(std::abs(static_cast<double>(traced) - expected) <= (share == 0.25 ? 300 : 0));
  }
}

TEST("another socket, or share, is refused") {
  const Ends pair;
  CHECK_ERROR("allowed are 0 to 1", SpanLog(1.5, pair.ends[0]));
  CHECK_ERROR("takes no packets", SpanLog(0.5, -1));
  for (const int end : pair.ends) close(end);
}

}  // namespace
}  // namespace kedge
