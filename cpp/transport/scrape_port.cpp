#include "transport/scrape_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr int kMostParts = 8;  // that a request may come in
constexpr int kMostWaiting = 16;
constexpr timeval kPatience{0, 250'000};

Error refused(std::uint16_t port) {
  const int error = errno;
  return invalid_argument("cannot listen at 127.0.0.1:", port,
                          " for metrics: ", std::generic_category().message(error));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_all(int caller, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(caller, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// A request up to the blank line behind its head; less if its sender stops before.
std::string head_of(int caller) {
  std::string head;
  char part[1024];
  for (int i = 0; i < kMostParts && head.find("\r\n\r\n") == head.npos; ++i) {
    const ssize_t got = recv(caller, part, sizeof part, 0);
    if (got <= 0) break;
    head.append(part, static_cast<std::size_t>(got));
  }
  return head;
}

bool asks_for_metrics(std::string_view head) {
  constexpr std::string_view kAsked = "GET /metrics";
  if (!head.starts_with(kAsked)) return false;
  head.remove_prefix(kAsked.size());
  return head.starts_with(' ') || head.starts_with('?');
}

}  // namespace

ScrapePort::ScrapePort(std::uint16_t port, std::function<std::string(ScrapeFormat)> metrics)
    : metrics_(std::move(metrics)), listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (listening_ < 0) throw refused(port);
  const int is_on = 1;
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &is_on, sizeof is_on);
  if (bind(listening_, at, size) != 0 || listen(listening_, kMostWaiting) != 0 ||
      getsockname(listening_, at, &size) != 0) {
    const Error error = refused(port);
    close(listening_);
    throw error;
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

ScrapePort::~ScrapePort() {
  shutdown(listening_, SHUT_RDWR);
  thread_.join();
  close(listening_);
}

void ScrapePort::serve() {
  while (true) {
    const int caller = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) {
      // What is wrong with one caller, or with all for a moment, is no reason to stop.
      if (errno == EINVAL || errno == EBADF) return;
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) usleep(10'000);
      continue;
    }
    setsockopt(caller, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    setsockopt(caller, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    answer(caller);
    close(caller);
  }
}

void ScrapePort::answer(int caller) const {
  const std::string head = head_of(caller);
  const bool is_asked = asks_for_metrics(head);
  const ScrapeFormat format = wanted_format(head);
  const std::string body = is_asked ? metrics_(format) : "only /metrics is here\n";
  const std::string_view type = is_asked ? content_type(format) : "text/plain";
  send_all(caller,
           text("HTTP/1.1 ", is_asked ? "200 OK" : "404 Not Found", "\r\nContent-Type: ", type,
                "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n", body));
}

}  // namespace kedge
