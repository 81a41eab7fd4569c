// Part of `kedge_info --selftest`: nets in int16.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Seeded nets made int16 by each calibration: their weights, and what they score.
void add_int16(Digest& digest);

}  // namespace kedge
