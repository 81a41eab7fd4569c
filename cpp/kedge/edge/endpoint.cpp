#include "kedge/edge/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kedge/base/error.h"
#include "kedge/base/system_error.h"

namespace kedge::edge {
namespace {

constexpr std::string_view kLoopback = "127.0.0.1:";
constexpr int kBacklog = 8;

union Address {
  sockaddr any;
  sockaddr_in tcp;
  sockaddr_un local;
};

socklen_t address_of(const Endpoint& endpoint, Address& out) {
  std::memset(&out, 0, sizeof out);
  if (endpoint.kind == EndpointKind::kTcp) {
    out.tcp.sin_family = AF_INET;
    out.tcp.sin_port = htons(static_cast<std::uint16_t>(endpoint.port));
    out.tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof out.tcp;
  }
  check_length(endpoint);
  out.local.sun_family = AF_UNIX;
  std::memcpy(out.local.sun_path, endpoint.path.data(), endpoint.path.size());
  return sizeof out.local;
}

int socket_for(const Endpoint& endpoint) {
  const int family = endpoint.kind == EndpointKind::kTcp ? AF_INET : AF_UNIX;
  const int made = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) refuse_system("socket");
  return made;
}

}  // namespace

Endpoint endpoint_of(std::string_view text) {
  Endpoint out;
  const auto after = [&](std::string_view scheme) {
    if (!text.starts_with(scheme)) return false;
    text.remove_prefix(scheme.size());
    return true;
  };
  if (text == "-") {
    out.kind = EndpointKind::kStandard;
  } else if (after("file:")) {
    out.kind = EndpointKind::kFile;
    out.path = text;
  } else if (after("unix:")) {
    out.kind = EndpointKind::kUnix;
    out.path = text;
  } else if (after("tcp:")) {
    out.kind = EndpointKind::kTcp;
    if (text.starts_with(kLoopback)) text.remove_prefix(kLoopback.size());
    const auto port = number_of<std::uint16_t>(text);
    if (!port || *port == 0) {
      throw invalid_argument("expected tcp:127.0.0.1:PORT, got \"tcp:", text, '"');
    }
    out.port = *port;
  } else {
    throw invalid_argument("expected -, file:PATH, unix:PATH or tcp:127.0.0.1:PORT, got \"", text,
                           '"');
  }
  if (out.kind != EndpointKind::kStandard && out.kind != EndpointKind::kTcp && out.path.empty()) {
    throw invalid_argument("a place without a path");
  }
  check_length(out);
  return out;
}

void check_length(const Endpoint& endpoint) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (endpoint.kind != EndpointKind::kUnix || endpoint.path.size() <= kMost) return;
  throw invalid_argument("the socket's path \"", endpoint.path, "\" has ", endpoint.path.size(),
                         " bytes, at most ", kMost, " are possible");
}

int listen_at(const Endpoint& endpoint) {
  Address address;
  const socklen_t size = address_of(endpoint, address);
  const int made = socket_for(endpoint);
  const int yes = 1;
  ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (endpoint.kind == EndpointKind::kUnix) ::unlink(endpoint.path.c_str());
  if (::bind(made, &address.any, size) == 0 && ::listen(made, kBacklog) == 0) return made;
  ::close(made);
  refuse_system(text("to listen at ", endpoint.path, endpoint.port));
}

int connect_to(const Endpoint& endpoint) {
  Address address;
  const socklen_t size = address_of(endpoint, address);
  const int made = socket_for(endpoint);
  if (::connect(made, &address.any, size) == 0 || errno == EINPROGRESS) return made;
  ::close(made);
  return -1;
}

int accept_at(int listener) {
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

}  // namespace kedge::edge
