// Where contents lie in shared memory, as the parameters of a tensor or an output say it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kedge/base/error.h"
#include "kedge/serve/parameters.h"
#include "kedge/serve/status.h"

namespace kedge {

inline constexpr std::string_view kRegionName = "shared_memory_region";
inline constexpr std::string_view kRegionBytes = "shared_memory_byte_size";
inline constexpr std::string_view kRegionOffset = "shared_memory_offset";

// A part of a region that was registered: nothing says yet that there is one.
struct RegionPlace {
  std::string_view region;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// None when no region is named. Throws InvalidArgument when its size is missing, or a value is of
// another kind.
std::optional<RegionPlace> region_place(std::span<const InferParameter> parameters);

// Runs what errs without knowing for which tensor, or output: its errors come out with the name.
template <class Run>
void in_tensor(std::string_view kind, std::string_view name, const Run& run) {
  try {
    run();
  } catch (const Error& error) {
    throw Error(error.code(), text(kind, " \"", name, "\": ", error.what()));
  } catch (const Refusal& refusal) {
    throw Refusal(refusal.code(), text(kind, " \"", name, "\": ", refusal.what()));
  }
}

}  // namespace kedge
