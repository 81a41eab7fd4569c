// Part of `kedge_info --selftest`: the quality of seeded predictions, and decisions about them.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Every kind of counts, their areas and parity, and the evidence of calibration, shadow and canary.
void add_quality(Digest& digest);

}  // namespace kedge
