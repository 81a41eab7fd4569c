// Counts from Python: a column of whole numbers, in any type of number.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <vector>

#include "arrow_input.h"

namespace kedge {

// Throws InvalidArgument, by `name`, index and value, for a count that is negative, fractional,
// null or not finite, and Unsupported for what is not a column of numbers.
std::vector<std::uint64_t> counts_from(const Batches& table, const char* name);
inline std::vector<std::uint64_t> counts_from(nanobind::handle object, const char* name) {
  return counts_from(batches_from(object), name);
}

}  // namespace kedge
