// An HTTP port that Prometheus scrapes: one text, and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "kedge/serve/open_metrics.h"

namespace kedge {

// GET /metrics on the loopback address: what a scrape tells is not for everyone. Callers are
// answered one after the other, and each is waited for a quarter of a second.
class ScrapePort {
 public:
  // Port 0 takes a free one. Throws InvalidArgument when the port is taken.
  ScrapePort(std::uint16_t port, std::function<std::string(ScrapeFormat)> metrics);
  ScrapePort(const ScrapePort&) = delete;
  ScrapePort& operator=(const ScrapePort&) = delete;
  ~ScrapePort();

  std::uint16_t port() const noexcept { return port_; }

 private:
  void serve();
  void answer(int caller) const;

  std::function<std::string(ScrapeFormat)> metrics_;
  int listening_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace kedge
