#include "kedge/edge/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "kedge/base/system_error.h"

namespace kedge::edge {

ByteSource::ByteSource(const Endpoint& from) : from_(from) {
  if (from_.kind == EndpointKind::kStandard) {
    file_ = STDIN_FILENO;
  } else if (from_.kind == EndpointKind::kFile) {
    file_ = ::open(from_.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) refuse_system(from_.path);
  } else {
    listener_ = listen_at(from_);
  }
}

ByteSource::~ByteSource() {
  if (file_ > STDIN_FILENO) ::close(file_);
  if (listener_ >= 0) ::close(listener_);
  if (from_.kind == EndpointKind::kUnix) ::unlink(from_.path.c_str());
}

SourceState ByteSource::read(std::span<char> into, int patience_ms, std::size_t& size) {
  size = 0;
  if (from_.kind != EndpointKind::kFile) {
    pollfd waiting{file_ >= 0 ? file_ : listener_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, patience_ms);
    if (ready < 0 && errno != EINTR) refuse_system("poll");
    if (ready <= 0) return SourceState::kIdle;
    if (file_ < 0) {
      file_ = accept_at(listener_);
      if (file_ < 0) return SourceState::kIdle;
      return SourceState::kNewStream;
    }
  }
  const ssize_t got = ::read(file_, into.data(), into.size());
  if (got > 0) {
    size = static_cast<std::size_t>(got);
    return SourceState::kBytes;
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return SourceState::kIdle;
  if (listener_ < 0) {
    if (got < 0) refuse_system("input");
    return SourceState::kEnd;
  }
  ::close(file_);
  file_ = -1;
  return SourceState::kNewStream;
}

}  // namespace kedge::edge
