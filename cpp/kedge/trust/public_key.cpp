#include "kedge/trust/public_key.h"

#include <algorithm>

#include "kedge/base/hex.h"

namespace kedge::trust {

std::vector<PublicKey> read_public_keys(Value keys) {
  std::vector<PublicKey> out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Value key = keys[i];
    const Value spelled = key.at("keyval").at("public");
    PublicKey& read = out.emplace_back();
    read.id = keys.name(i);
    read.kind = text(key.at("keytype").text(), '/', key.at("scheme").text());
    static_cast<void>(spelled.text());
    if (read.kind != "ed25519/ed25519") continue;
    if (!read_hex(spelled.text(), read.ed25519.emplace())) {
      spelled.refuse("not ", 2 * kEd25519KeyBytes, " hexadecimal digits");
    }
  }
  return out;
}

const PublicKey* find_key(const std::vector<PublicKey>& keys, std::string_view id) noexcept {
  const auto found = std::ranges::find(keys, id, &PublicKey::id);
  return found == keys.end() ? nullptr : &*found;
}

Signers read_signers(Value role) {
  Signers out;
  const Value ids = role.at("keyids");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string_view id = ids[i].text();
    if (std::ranges::find(out.ids, id) != out.ids.end()) ids[i].refuse("\"", id, "\" comes twice");
    out.ids.emplace_back(id);
  }
  const Value threshold = role.at("threshold");
  out.threshold = threshold.integer();
  if (out.threshold < 1) threshold.refuse(out.threshold, " is below 1");
  return out;
}

}  // namespace kedge::trust
