// Definitions of windows out of TOML: the `[window]` that kedge.Window.from_toml reads, equal to
// the last byte.
#pragma once

#include <string_view>

#include "kedge/base/document.h"
#include "kedge/window/spec.h"

namespace kedge {

// Of a document's `window`. Paths of stored profiles are seen from `folder`. Throws CorruptData and
// InvalidArgument that name the key; Unsupported for what takes Python: users' code, and time zones
// but UTC, whose tables are not in the file.
WindowSpec window_of(const Value& table, std::string_view folder = ".");

}  // namespace kedge
