// A metadata file: what is signed, and signatures over its canonical bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/document.h"
#include "kedge/trust/public_key.h"

namespace kedge::trust {

class Envelope {
 public:
  static constexpr std::size_t kMostSignatures = 256;

  // Throws CorruptData when the bytes are no strict JSON, have members beside "signed" and
  // "signatures", two signatures by one name, or more than kMostSignatures.
  explicit Envelope(std::span<const std::byte> bytes);

  Value signed_part() const { return document_.root().at("signed"); }

  // Throws CorruptData that names the role unless as many different keys of `signers` as it asks
  // for have signed. Two names of one key are one key; a signature that is wrong is none.
  void check_signatures(const std::vector<PublicKey>& keys, const Signers& signers,
                        std::string_view role) const;

 private:
  struct Signature {
    std::string_view key;
    std::string_view digits;
  };

  Document document_;
  std::string signed_bytes_;
  std::vector<Signature> signatures_;  // of document_
};

}  // namespace kedge::trust
