// An open-loop run: what became of calls that were due at given times, as counts over slices of
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "load_caller.h"

namespace kedge {

struct LoadRunOptions {
  CallPlace place;
  std::string due_path;       // int64, nanoseconds since the beginning
  std::string requests_path;  // each its length, uint32, and its bytes
  std::int64_t warm_ns = 0;   // calls due before are made, and not counted
  std::int64_t slice_ns = 1'000'000'000;
  std::size_t slices = 1;
  int cpu = -1;  // to keep to
};

// Prints a line of JSON now and then, and one at the end.
void run_load(const LoadRunOptions& options);

// The word `run` and its options. Throws InvalidArgument for what is not known.
LoadRunOptions read_load_options(std::span<const std::string> words);

}  // namespace kedge
