#include "kedge/edge/byte_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "kedge/base/system_error.h"

namespace kedge::edge {
namespace {

constexpr std::int64_t kRetryNanos = 1'000'000'000;
constexpr int kPatienceMs = 1000;

}  // namespace

ByteSink::ByteSink(const Endpoint& to) : to_(to) {
  if (to_.kind == EndpointKind::kStandard) file_ = STDOUT_FILENO;
  if (to_.kind == EndpointKind::kFile) {
    file_ = ::open(to_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0) refuse_system(to_.path);
  }
  if (file_ >= 0) connections_ = 1;
}

ByteSink::~ByteSink() {
  if (file_ > STDOUT_FILENO) ::close(file_);
}

void ByteSink::prepare(std::int64_t now_nanos) {
  if (file_ >= 0 || !to_.is_socket() || now_nanos < next_try_) return;
  next_try_ = now_nanos + kRetryNanos;
  file_ = connect_to(to_);
  if (file_ >= 0) ++connections_;
}

bool ByteSink::write(std::span<const char> bytes) {
  if (file_ < 0) return false;
  if (to_.is_socket()) return write_socket(bytes);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse_system("output");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool ByteSink::write_socket(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    pollfd waiting{file_, POLLOUT, 0};
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN && ::poll(&waiting, 1, kPatienceMs) > 0) continue;
    ::close(file_);
    file_ = -1;
    return false;
  }
  return true;
}

}  // namespace kedge::edge
