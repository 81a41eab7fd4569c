// Seeded streams for the self test and the C++ tests: rows in disorder with everything that a
// column may hold, and definitions of every kind with every aggregate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/window/spec.h"

namespace kedge {

// Rows with the columns ts (timestamp[us], some null), key (int64, some null), name (utf8, some
// null), x and y (float64; infinities, NaN, both zeros and denormals among them), n (int32) and
// flag (bool).
Batch sample_batch(std::size_t rows, std::uint64_t seed);
// Rows first .. first+length-1 of it, in the same memory.
Batch slice_of(const Batch& batch, std::size_t first, std::size_t length);

// One definition for each kind of window, keys and time zones among them.
std::vector<WindowSpec> sample_definitions();

}  // namespace kedge
