// UBJSON (draft 12) with counted and typed containers, as XGBoost writes its models.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/base/document.h"

namespace kedge {

// Throws CorruptData that names the offset: at what is no UBJSON, a name that an object has twice,
// text that is not UTF-8; ResourceExhausted when values are nested deeper than
// DocumentBuilder::kMostNesting. Containers of a type without bytes ("$T") are refused, for they
// would make any number of values out of nothing.
// O(bytes), in memory and time, without recursion.
Document read_ubjson(std::span<const std::byte> bytes);

}  // namespace kedge
