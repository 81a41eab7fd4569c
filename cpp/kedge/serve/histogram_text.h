// A histogram of latencies as a scrape has it.
#pragma once

#include <string>
#include <string_view>

#include "kedge/serve/call_metrics.h"

namespace kedge {

// Samples of one member of a family, in microseconds; `labels` without braces, or none. Where there
// are `exemplars`, each bucket with the request that was its latest, as OpenMetrics spells it.
void add_histogram(std::string_view name, const std::string& labels, const CallCounts& counts,
                   const CallMetrics* exemplars, std::string& out);

}  // namespace kedge
