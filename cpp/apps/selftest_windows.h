// Part of `kedge_info --selftest`: windows over a seeded stream, and their snapshots.
#pragma once

#include "kedge/base/hash.h"

namespace kedge {

// Every kind of window with every aggregate: the bytes that come out, also through a snapshot in
// the middle, and the snapshot's own.
void add_windows(Digest& digest);

}  // namespace kedge
