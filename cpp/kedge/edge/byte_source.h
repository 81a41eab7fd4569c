// Bytes that come in: of a stream that ends, or of one connection after the other.
#pragma once

#include <span>

#include "kedge/edge/endpoint.h"

namespace kedge::edge {

enum class SourceState {
  kBytes,
  kIdle,       // nothing came for a while
  kNewStream,  // one sender has gone; what comes next is another's
  kEnd,
};

class ByteSource {
 public:
  explicit ByteSource(const Endpoint& from);
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource();

  // Waits for bytes, `patience_ms` at most. `size` is how many came. Throws InvalidArgument.
  SourceState read(std::span<char> into, int patience_ms, std::size_t& size);

 private:
  Endpoint from_;
  int listener_ = -1;
  int file_ = -1;
};

}  // namespace kedge::edge
