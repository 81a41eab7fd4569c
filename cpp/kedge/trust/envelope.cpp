#include "kedge/trust/envelope.h"

#include <algorithm>
#include <array>

#include "kedge/base/bytes.h"
#include "kedge/base/hex.h"
#include "kedge/base/json.h"
#include "kedge/trust/canonical_json.h"

namespace kedge::trust {
namespace {

// What nobody signs may not be there.
void expect_members(Value object, std::string_view first, std::string_view second) {
  static_cast<void>(object.at(first));
  static_cast<void>(object.at(second));
  if (object.size() == 2) return;
  object.refuse("has ", object.size(), " members, \"", first, "\" and \"", second, "\" are known");
}

}  // namespace

Envelope::Envelope(std::span<const std::byte> bytes) : document_(read_json(as_text(bytes))) {
  const Value root = document_.root();
  expect_members(root, "signatures", "signed");
  signed_bytes_ = canonical_json(root.at("signed"));
  const Value signatures = root.at("signatures");
  if (signatures.size() > kMostSignatures) {
    signatures.refuse(signatures.size(), " signatures, at most ", kMostSignatures, " are read");
  }
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    const Value each = signatures[i];
    expect_members(each, "keyid", "sig");
    const Signature signature{each.at("keyid").text(), each.at("sig").text()};
    if (std::ranges::find(signatures_, signature.key, &Signature::key) != signatures_.end()) {
      each.refuse("a second signature by \"", signature.key, '"');
    }
    signatures_.push_back(signature);
  }
}

void Envelope::check_signatures(const std::vector<PublicKey>& keys, const Signers& signers,
                                std::string_view role) const {
  std::vector<const PublicKey*> right;
  std::string wrong;  // why others do not count
  for (const Signature& signature : signatures_) {
    if (std::ranges::find(signers.ids, signature.key) == signers.ids.end()) continue;
    const PublicKey* key = find_key(keys, signature.key);
    if (key == nullptr) continue;
    std::array<std::byte, kEd25519SignatureBytes> bytes;
    if (!key->ed25519) {
      append_text(wrong, text("; that by \"", key->id, "\" is of kind ", key->kind,
                              ", which is not supported"));
    } else if (!read_hex(signature.digits, bytes) ||
               !verify_ed25519(*key->ed25519, as_bytes(signed_bytes_), bytes)) {
      append_text(wrong, text("; that by \"", key->id, "\" is wrong"));
    } else if (std::ranges::find(right, key->ed25519, &PublicKey::ed25519) == right.end()) {
      right.push_back(key);
    }
    if (std::cmp_greater_equal(right.size(), signers.threshold)) return;
  }
  throw corrupt_data(role, ": signed by ", right.size(), " of its keys, ", signers.threshold,
                     " must sign", wrong);
}

}  // namespace kedge::trust
