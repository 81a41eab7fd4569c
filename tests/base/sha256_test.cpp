#include "kedge/base/sha256.h"

#include <string>

#include "check.h"
#include "kedge/base/bytes.h"

namespace kedge {
namespace {

std::string hex_of(std::string_view bytes, std::size_t cut) {
  Sha256 hash;
  hash.add(as_bytes(bytes.substr(0, cut)));
  hash.add(as_bytes(bytes.substr(cut)));
  std::string hex;
  for (const std::byte byte : hash.finish()) {
    hex += "0123456789abcdef"[static_cast<unsigned>(byte) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned>(byte) & 15];
  }
  return hex;
}

// The examples of FIPS 180-4 and what hashlib gives for lengths around a block's end.
TEST("sha256: the standard's sums, however the bytes are cut") {
  CHECK(hex_of("", 0) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_of("abc", 1) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 17) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex_of(std::string(1'000'000, 'a'), 63) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hex_of(std::string(64, 'k'), 64) == hex_of(std::string(64, 'k'), 5));
}

}  // namespace
}  // namespace kedge
