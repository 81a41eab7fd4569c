// What the system says of a call that failed.
#pragma once

#include <string_view>

namespace kedge {

// Throws InvalidArgument: what, and errno in words.
[[noreturn]] void refuse_system(std::string_view what);

}  // namespace kedge
