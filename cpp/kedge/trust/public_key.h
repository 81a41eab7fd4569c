// Keys and who may sign: a role is so many of these keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kedge/base/document.h"
#include "kedge/base/ed25519.h"

namespace kedge::trust {

struct PublicKey {
  std::string id;    // whatever it is called: it need not be its hash
  std::string kind;  // "keytype/scheme"
  // None for a key of another kind, whose signatures do not count.
  std::optional<std::array<std::byte, kEd25519KeyBytes>> ed25519;
};

// Of an object of keys by their names. Throws CorruptData with the path of what is wrong.
std::vector<PublicKey> read_public_keys(Value keys);

const PublicKey* find_key(const std::vector<PublicKey>& keys, std::string_view id) noexcept;

struct Signers {
  std::vector<std::string> ids;
  std::int64_t threshold = 0;
};

// Of the members "keyids" and "threshold". Throws CorruptData, also when a key is named twice.
Signers read_signers(Value role);

}  // namespace kedge::trust
