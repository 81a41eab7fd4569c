// Text for those who take nothing but UTF-8, such as Protocol Buffers.
#pragma once

#include <string>
#include <string_view>

namespace kedge {

// The same, or with a "?" for each byte that is not ASCII's when it is not UTF-8.
std::string utf8_of(std::string_view bytes);

}  // namespace kedge
