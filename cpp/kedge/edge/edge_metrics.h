// What a board has done so far, for Prometheus: written to a file, or told to who connects.
#pragma once

#include <string>

#include "kedge/edge/agent.h"
#include "kedge/edge/update_thread.h"

namespace kedge::edge {

// `updates` is null without [update].
std::string metrics_text(Agent& agent, UpdateThread* updates);

class MetricsPort {
 public:
  explicit MetricsPort(const Endpoint& to);
  MetricsPort(const MetricsPort&) = delete;
  MetricsPort& operator=(const MetricsPort&) = delete;
  ~MetricsPort();

  // A file is replaced each ten seconds, and at the end; who has connected is answered.
  void step(Agent& agent, UpdateThread* updates, std::int64_t now_nanos, bool is_last = false);

 private:
  void write(const std::string& text) const;

  Endpoint to_;
  int listener_ = -1;
  std::int64_t next_ = 0;
};

}  // namespace kedge::edge
