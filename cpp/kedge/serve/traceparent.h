// The header of W3C's Trace Context by which a caller says whose part a call is.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kedge {

struct TraceParent {
  std::array<std::byte, 16> trace{};
  std::array<std::byte, 8> span{};  // of the caller
  bool is_sampled = false;
};

// "00-<32 digits>-<16 digits>-<2 digits>", digits in lower case; a later version may have more
// behind another "-". None of anything else, and of a trace or span of zeros alone: then the call
// is nobody's part.
std::optional<TraceParent> read_traceparent(std::string_view header) noexcept;

}  // namespace kedge
