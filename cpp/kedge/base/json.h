// Strict JSON (RFC 8259), as trainers write their models, with what they add to it: NaN, Infinity
// and -Infinity are numbers.
#pragma once

#include <string_view>

#include "kedge/base/document.h"

namespace kedge {

// Throws CorruptData that names line and column: at what is no JSON, a name that an object has
// twice, a number beyond a double, text that is not UTF-8; ResourceExhausted when values are nested
// deeper than DocumentBuilder::kMostNesting. An integer beyond 64 bits becomes a double.
// O(bytes), in memory and time, without recursion.
Document read_json(std::string_view text);

}  // namespace kedge
