// Bytes that go out. Streams and files take all of them; a socket that nobody takes from loses what
// comes meanwhile, and the loss is counted.
#pragma once

#include <cstdint>
#include <span>

#include "kedge/edge/endpoint.h"

namespace kedge::edge {

class ByteSink {
 public:
  explicit ByteSink(const Endpoint& to);
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  ~ByteSink();

  // Whole or not at all; false when it was lost. Throws InvalidArgument when a stream fails.
  bool write(std::span<const char> bytes);
  // How often there was a new connection: what has a beginning must be sent again.
  std::uint64_t connections() const noexcept { return connections_; }
  // Connects, if that is due.
  void prepare(std::int64_t now_nanos);

 private:
  bool write_socket(std::span<const char> bytes);

  Endpoint to_;
  int file_ = -1;
  std::uint64_t connections_ = 0;
  std::int64_t next_try_ = 0;
};

}  // namespace kedge::edge
