// TOML 1.0 as people write configurations in it. Dates and times stay text, as they are spelled:
// whoever wants one reads it.
#pragma once

#include <string_view>

#include "kedge/base/document.h"

namespace kedge {

// Nested deeper is refused.
inline constexpr std::size_t kMostTomlDepth = 64;

// Throws InvalidArgument that begins with the line: at what is no TOML, a key that is there twice,
// a number beyond 64 bits.
Document read_toml(std::string_view text);

}  // namespace kedge
