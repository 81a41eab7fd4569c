// Part of `kedge_info --selftest`: evidence, and a monitor over a seeded stream.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Bets, intervals, detectors and the tests of two samples, after each value.
void add_evidence(Digest& digest);

// The alarms of a stream that changes, and the monitor's bytes, also through them.
void add_monitor(Digest& digest);

}  // namespace kedge
