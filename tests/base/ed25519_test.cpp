#include "kedge/base/ed25519.h"

#include <string>
#include <string_view>
#include <vector>

#include "check.h"

namespace kedge {
namespace {

std::vector<std::byte> from_hex(std::string_view digits) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

bool holds(std::string_view key, std::string_view message, std::string_view signature) {
  const auto key_bytes = from_hex(key);
  const auto signature_bytes = from_hex(signature);
  return verify_ed25519(std::span(key_bytes).first<kEd25519KeyBytes>(), from_hex(message),
                        std::span(signature_bytes).first<kEd25519SignatureBytes>());
}

}  // namespace

// RFC 8032, section 7.1, tests 1 to 3.
TEST("signatures of the standard hold, and no other") {
  CHECK(holds("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
              "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
  CHECK(holds("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
              "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
  CHECK(holds("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
              "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
              "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"));
  CHECK(!holds("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af83",
               "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
               "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"));
}

}  // namespace kedge
