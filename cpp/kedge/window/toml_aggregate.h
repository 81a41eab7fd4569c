// One aggregate of a definition in TOML.
#pragma once

#include <string_view>

#include "kedge/base/document.h"
#include "kedge/window/spec.h"

namespace kedge {

// Throws as window_of.
AggregateSpec aggregate_of(std::string_view name, const Value& table, std::string_view folder);

}  // namespace kedge
