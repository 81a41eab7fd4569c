// Where bytes come from and go to: standard streams, files, and sockets of this machine.
#pragma once

#include <string>
#include <string_view>

namespace kedge::edge {

enum class EndpointKind { kNone, kStandard, kFile, kUnix, kTcp };

struct Endpoint {
  EndpointKind kind = EndpointKind::kNone;
  std::string path;  // of a file or a Unix socket
  int port = 0;      // of TCP on 127.0.0.1

  bool is_socket() const noexcept {
    return kind == EndpointKind::kUnix || kind == EndpointKind::kTcp;
  }
};

// "-", "file:/var/log/rows", "unix:/run/rows.sock", "tcp:127.0.0.1:9000". Throws InvalidArgument;
// so does an address of another machine: what leaves this one goes through a tunnel of its own.
Endpoint endpoint_of(std::string_view text);
// Throws InvalidArgument with the path and the bound where a socket's is longer than the system
// takes.
void check_length(const Endpoint& endpoint);

// The descriptor, which the caller closes. Throw InvalidArgument with the place and the reason.
int listen_at(const Endpoint& endpoint);
// Without waiting: -1 when nobody listens, and where that is not yet known the first thing sent or
// received says so.
int connect_to(const Endpoint& endpoint);
// The next who connected, without waiting; -1 when there is none.
int accept_at(int listener);

}  // namespace kedge::edge
