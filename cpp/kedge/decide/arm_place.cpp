#include "kedge/decide/arm_place.h"

#include <string>

#include "kedge/base/hash.h"
#include "kedge/base/text.h"

namespace kedge {

double place_of_key(std::string_view salt, std::string_view key) {
  // The salt's length parts it from the key.
  std::string bytes = text(salt.size(), ":");
  bytes.append(salt).append(key);
  return static_cast<double>(hash_bytes(std::string_view(bytes)) >> 11) * 0x1p-53;
}

}  // namespace kedge
