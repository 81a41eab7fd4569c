// Canonical JSON as TUF signs it (OLPC's, as securesystemslib writes it): no spaces, names in the
// order of their code points, only quote and backslash escaped, integers alone.
#pragma once

#include <string>

#include "kedge/base/document.h"

namespace kedge::trust {

inline constexpr std::size_t kMostCanonicalNesting = 64;

// Throws CorruptData with the path of a number that is no integer of 64 bits, ResourceExhausted
// when values are nested deeper than kMostCanonicalNesting.
std::string canonical_json(Value value);

}  // namespace kedge::trust
