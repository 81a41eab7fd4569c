#include "kedge/edge/upload.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "kedge/base/hmac.h"
#include "kedge/edge/board_stream.h"

namespace kedge::edge {
namespace {

constexpr std::int64_t kRetryNanos = 1'000'000'000;
constexpr std::size_t kSendBytes = 64 << 10;

}  // namespace

Upload::Upload(const Endpoint& to, std::string device, const SpoolPlace& sent,
               std::optional<DeviceKey> key)
    : to_(to), device_(std::move(device)), key_(key), reached_(sent) {
  out_.reserve(2 * kSendBytes);
}

Upload::~Upload() { disconnect(); }

void Upload::disconnect() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  is_known_ = is_asked_ = has_header_ = false;
  out_.clear();
  sent_ = 0;
  in_.clear();
}

void Upload::say_hello(const Spool& spool) {
  out_.write_bytes(as_bytes(kUploadMark));
  out_.write(key_ ? kKeyedUpload : kKeylessUpload);
  out_.write(spool.end().life);
  out_.write_string(device_);
  is_known_ = !key_;
}

void Upload::answer(std::span<const std::byte> challenge) {
  out_.write_bytes(hmac_sha256(*key_, challenge));
  is_known_ = true;
}

void Upload::step(Spool& spool, std::int64_t now_nanos) {
  if (socket_ < 0) {
    if (now_nanos < next_try_) return;
    next_try_ = now_nanos + kRetryNanos;
    socket_ = connect_to(to_);
    if (socket_ < 0) return;
    say_hello(spool);
  }
  receive(spool);
  if (socket_ >= 0 && is_asked_ && out_.size() == 0) fill(spool);
  if (socket_ >= 0) send();
}

void Upload::receive(Spool& spool) {
  std::array<std::byte, 4096> bytes;
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return disconnect();
  in_.insert(in_.end(), bytes.begin(), bytes.begin() + got);
  ByteReader in(in_, "acknowledgement");
  if (!is_known_) {
    if (in.remaining() < kChallengeBytes) return;
    answer(in.read_bytes(kChallengeBytes));
  }
  while (in.remaining() >= sizeof(std::uint64_t)) {
    const auto sequence = in.read<std::uint64_t>();
    if (sequence > reached_.sequence) return begin_life(spool);
    if (!is_asked_) begin_sending(spool, sequence);
    spool.acknowledge(sequence);
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in.position()));
}

void Upload::begin_sending(const Spool& spool, std::uint64_t wanted) {
  is_asked_ = true;
  next_ = wanted;
  const auto gap = spool.gap(wanted);
  out_.write(static_cast<std::uint8_t>(gap.has_value()));
  if (!gap) return;
  out_.write_bytes(gap->to_bytes());
  next_ = gap->last + 1;
  if (next_ > reached_.sequence) reached_ = {reached_.life, next_, gap->end_event, gap->chain};
}

// A new connection tells of it.
void Upload::begin_life(Spool& spool) {
  disconnect();
  spool.begin_life(reached_);
  reached_ = {};
}

// What comes next may be in a gap, or was dropped meanwhile: a new connection tells of it.
void Upload::fill(Spool& spool) {
  if (spool.gap(next_)) return disconnect();
  spool.read(next_, [&](const SpoolRecord& record) {
    if (record.place.sequence != next_) return false;
    if (!has_header_) write_segment_header(out_, record.place);
    has_header_ = true;
    SpoolPlace place = record.place;
    write_record(out_, place, record.kind, record.events, record.payload);
    next_ = place.sequence;
    if (next_ > reached_.sequence) reached_ = place;
    return out_.size() < kSendBytes;
  });
}

void Upload::send() {
  while (sent_ < out_.size()) {
    const auto rest = out_.view().subspan(sent_);
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent <= 0) return disconnect();
    sent_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  sent_ = 0;
}

}  // namespace kedge::edge
