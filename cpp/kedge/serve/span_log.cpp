#include "kedge/serve/span_log.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <random>
#include <span>

#include "kedge/base/background.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/base/text.h"
#include "kedge/serve/metric_text.h"
#include "kedge/serve/traceparent.h"

namespace kedge {
namespace {

constexpr std::chrono::milliseconds kEvery(200);
constexpr std::size_t kPacket = std::size_t{1} << 15;  // a packet is sent once it is larger

bool takes_packets(int socket) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// Never zero, which is no id.
void draw(Random& random, std::span<std::byte> id) noexcept {
  for (std::size_t i = 0; i < id.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t bits = random.bits() | 1;
    const auto bytes = std::as_bytes(std::span(&bits, 1));
    std::ranges::copy(bytes, id.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Another one of each thread.
Random& own_random(std::uint64_t seed) noexcept {
  static std::atomic<std::uint64_t> threads = 0;
  thread_local Random random(seed + threads.fetch_add(1));
  return random;
}

}  // namespace

SpanLog::SpanLog(double share, int socket) : share_(share), socket_(socket) {
  if (!(share >= 0 && share <= 1)) {
    throw invalid_argument("traces.share = ", share, ": allowed are 0 to 1");
  }
  if (!takes_packets(socket)) throw invalid_argument("traces: ", socket, " takes no packets");
  std::random_device device;
  seed_ = std::uint64_t{device()} << 32 | device();
  thread_ = std::thread([this] { run(); });
}

SpanLog::~SpanLog() {
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
  hand_on();
  close(socket_);
}

std::optional<CallSpan> SpanLog::begin(std::string_view traceparent) noexcept {
  const std::optional<TraceParent> parent = read_traceparent(traceparent);
  Random& random = own_random(seed_);
  if (parent ? !parent->is_sampled : random.uniform() >= share_) return std::nullopt;
  std::optional<CallSpan> out(std::in_place);
  if (parent) {
    out->trace = parent->trace;
    out->parent = parent->span;
    out->has_parent = true;
  } else {
    draw(random, out->trace);
  }
  draw(random, out->id);
  out->begun = std::chrono::system_clock::now().time_since_epoch();
  return out;
}

void SpanLog::add(const CallSpan& span) noexcept {
  if (!waiting_.put(span)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

void SpanLog::expose(std::string& out) const {
  add_family("kedge_spans_total", "counter", "Spans of calls by what became of them.", out);
  out += text("kedge_spans_total{outcome=\"sent\"} ", sent_.load(), "\n");
  out += text("kedge_spans_total{outcome=\"dropped\"} ", dropped_.load(), "\n");
}

void SpanLog::run() {
  run_in_background();
  std::unique_lock guard(lock_);
  while (!changed_.wait_for(guard, kEvery, [this] { return is_over_; })) hand_on();
}

void SpanLog::hand_on() {
  CallSpan span;
  while (waiting_.take(span)) {
    ++packed_;
    try {
      write_span(span, packet_);
    } catch (const std::bad_alloc&) {
      packet_.clear();  // what was packed is dropped
    }
    if (packet_.empty() || packet_.size() > kPacket) send();
  }
  if (packed_ != 0) send();
}

void SpanLog::send() {
  const ssize_t sent = packet_.empty() ? -1
                                       : ::send(socket_, packet_.data(), packet_.size(),
                                                MSG_DONTWAIT | MSG_NOSIGNAL);
  (sent < 0 ? dropped_ : sent_).fetch_add(packed_, std::memory_order_relaxed);
  packet_.clear();
  packed_ = 0;
}

}  // namespace kedge
