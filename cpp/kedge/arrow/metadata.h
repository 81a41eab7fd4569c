// What is to be known of a column beside its type, as the C data interface spells it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kedge {

// The number of pairs, then each name and value with its length before it; numbers are int32 in
// the machine's order.
std::string encode_metadata(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace kedge
