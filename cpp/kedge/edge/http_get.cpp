#include "kedge/edge/http_get.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/system_error.h"
#include "kedge/edge/http_answer.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

constexpr std::int64_t kLookNanos = 100'000'000;  // whether to stop
constexpr std::string_view kHeadEnd = "\r\n\r\n";

// One connection, which is over after one answer.
class Connection {
 public:
  Connection(const Endpoint& server, const HttpBounds& bounds, const std::atomic<bool>* stop)
      : bounds_(bounds),
        stop_(stop),
        end_(steady_nanos() + bounds.whole_nanos),
        socket_(connect_to(server)) {
    if (socket_ < 0) throw invalid_argument("HTTP: no server at ", server.path, server.port);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  void send(std::string_view request) {
    while (!request.empty()) {
      wait(POLLOUT);
      const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (sent < 0) refuse_system("HTTP: to ask");
      request.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Empty at the end.
  std::span<const std::byte> receive() {
    while (true) {
      wait(POLLIN);
      const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (got < 0) refuse_system("HTTP: to receive");
      return std::span(buffer_).first(static_cast<std::size_t>(got));
    }
  }

 private:
  void wait(short events) {
    const std::int64_t idle_end = steady_nanos() + bounds_.idle_nanos;
    pollfd waited{socket_, events, 0};
    while (true) {
      if (stop_ != nullptr && *stop_) throw invalid_argument("HTTP: stopped before it was there");
      const std::int64_t now = steady_nanos();
      if (now >= end_) {
        throw invalid_argument("HTTP: not there after ", bounds_.whole_nanos / 1'000'000'000, " s");
      }
      if (now >= idle_end) {
        throw invalid_argument("HTTP: nothing came for ", bounds_.idle_nanos / 1'000'000'000, " s");
      }
      const std::int64_t nanos = std::min({end_ - now, idle_end - now, kLookNanos});
      const int ready = ::poll(&waited, 1, static_cast<int>((nanos + 999'999) / 1'000'000));
      if (ready > 0) return;
      if (ready < 0 && errno != EINTR) refuse_system("HTTP: to wait");
    }
  }

  const HttpBounds& bounds_;
  const std::atomic<bool>* stop_;
  std::int64_t end_;
  int socket_;
  std::array<std::byte, 16 << 10> buffer_;
};

// The head, and in `rest` what came behind it.
HttpAnswer receive_head(Connection& connection, std::size_t most, std::string& rest) {
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    const auto piece = connection.receive();
    if (piece.empty()) throw corrupt_data("HTTP: the answer ends within its head");
    rest += as_text(piece);
    end = rest.find(kHeadEnd);
    if (std::min(end, rest.size()) > most) {
      throw resource_exhausted("HTTP: the answer's head has more than ", most, " bytes");
    }
  }
  end += kHeadEnd.size();
  const HttpAnswer answer = read_http_answer(std::string_view(rest).substr(0, end));
  rest.erase(0, end);
  return answer;
}

}  // namespace

HttpGet::HttpGet(const Endpoint& server, std::string prefix, HttpBounds bounds,
                 const std::atomic<bool>* stop)
    : server_(server), prefix_(std::move(prefix)), bounds_(bounds), stop_(stop) {
  if (!server.is_socket()) throw invalid_argument("HTTP: a repository is behind unix: or tcp:");
}

bool HttpGet::fetch(const std::string& path, std::size_t most, const Sink& sink) {
  Connection connection(server_, bounds_, stop_);
  connection.send(
      text("GET ", prefix_, path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  std::string rest;
  const HttpAnswer answer = receive_head(connection, bounds_.head_bytes, rest);
  if (answer.status == 404 || answer.status == 403) return false;
  if (answer.status != 200) {
    throw invalid_argument("HTTP: status ", answer.status, " for ", prefix_, path);
  }
  const auto refuse = [&] {
    throw resource_exhausted("HTTP: ", prefix_, path, " has more than the ", most,
                             " bytes that are read");
  };
  if (answer.length && *answer.length > most) refuse();
  std::uint64_t left = answer.length.value_or(most);
  std::span<const std::byte> piece = as_bytes(rest);
  while (true) {
    if (piece.size() > left && !answer.length) refuse();
    piece = piece.first(std::min<std::uint64_t>(piece.size(), left));
    left -= piece.size();
    if (!piece.empty()) sink(piece);
    if (answer.length && left == 0) return true;
    piece = connection.receive();
    if (!piece.empty()) continue;
    if (!answer.length) return true;
    throw corrupt_data("HTTP: ", prefix_, path, " breaks off ", left, " bytes before its end");
  }
}

}  // namespace kedge::edge
