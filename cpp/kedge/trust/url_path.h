// Names in the path of a URL.
#pragma once

#include <string>
#include <string_view>

namespace kedge::trust {

// All but letters, digits and `-._~` as %XX, and but slashes if they stay.
std::string percent_encoded(std::string_view name, bool keeps_slashes);

}  // namespace kedge::trust
