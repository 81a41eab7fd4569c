// Part of `kedge_info --selftest`: graphs of steps, what they score, and their bytes.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// A seeded graph of every kind of step, activation, combination and reduction, in floats and in
// doubles: the raw scores and predictions of a batch and of single rows, and the bundle's bytes.
void add_nets(Digest& digest);

}  // namespace kedge
