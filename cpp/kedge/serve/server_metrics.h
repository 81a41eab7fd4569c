// What is counted of a server as a whole: waiting, reloads, and its objective.
#pragma once

#include <cstdint>
#include <string>

#include "kedge/serve/admission.h"
#include "kedge/serve/call_metrics.h"
#include "kedge/serve/loads.h"
#include "kedge/serve/objective.h"

namespace kedge {

struct ServerCounts {
  CallCounts waits;
  Loads::Counts loads;
  Objective objective;
  ObjectiveCounts calls;
  double burn_5m = 0;
  double burn_1h = 0;
};

// As Prometheus scrapes them.
void add_server_metrics(const ServerCounts& counts, std::string& out);
// Of calls that were scored together.
void add_batches(std::uint64_t batches, std::uint64_t rows, std::string& out);

}  // namespace kedge
