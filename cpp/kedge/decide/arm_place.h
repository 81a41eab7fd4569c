// Which arm of live traffic a key belongs to.
#pragma once

#include <string_view>

namespace kedge {

// Where a key falls between 0 and 1, the same on every machine and at every time. Another salt
// parts the keys anew, independently. Frozen: a rollout under way must not move its users.
double place_of_key(std::string_view salt, std::string_view key);

}  // namespace kedge
