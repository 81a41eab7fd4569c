// Part of `kedge_info --selftest`: models, what they score, and their bytes.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Seeded forests of every kind of node and leaf: the raw scores that each engine gives, the
// predictions, and the bundle's bytes.
void add_forests(Digest& digest);

}  // namespace kedge
