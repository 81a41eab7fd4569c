// Part of `kedge_info --selftest`: nets in int8.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Seeded nets made int8 by each calibration: their weights, and what they score.
void add_int8(Digest& digest);

}  // namespace kedge
