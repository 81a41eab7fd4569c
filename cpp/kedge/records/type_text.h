// Types by their names.
#pragma once

#include <string>
#include <string_view>

#include "kedge/arrow/type.h"

namespace kedge::records {

// The field that "float64", "timestamp[us, UTC]" or "utf8 not null" (the names of type_name, and
// "string") says. Throws InvalidArgument for what is no such name.
Field field_of_text(std::string name, std::string_view type);

}  // namespace kedge::records
