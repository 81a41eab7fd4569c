// Files of a web server of this machine, or of a tunnel that ends here, over plain HTTP/1.1: what
// is fetched is verified by who asked for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "kedge/edge/endpoint.h"
#include "kedge/trust/fetch.h"

namespace kedge::edge {

struct HttpBounds {
  std::int64_t whole_nanos = 600'000'000'000;  // for one file
  std::int64_t idle_nanos = 20'000'000'000;    // without a byte
  std::size_t head_bytes = 16 << 10;           // of an answer, before its content
};

class HttpGet final : public trust::Fetch {
 public:
  // `prefix` comes before every path, as "/repository/". Once `*stop` is true a file that is on its
  // way breaks off; null where nobody stops it.
  HttpGet(const Endpoint& server, std::string prefix, HttpBounds bounds = {},
          const std::atomic<bool>* stop = nullptr);

  // None for the statuses 404 and 403, which some stores give instead. Throws InvalidArgument when
  // there is no server, it answers with another status than 200, breaks off, is too slow or
  // stopped; CorruptData when what comes is no answer; Unsupported when it is coded in transfer.
  bool fetch(const std::string& path, std::size_t most, const Sink& sink) override;

 private:
  Endpoint server_;
  std::string prefix_;
  HttpBounds bounds_;
  const std::atomic<bool>* stop_;
};

}  // namespace kedge::edge
