#include "kedge/base/hmac.h"

#include <string>

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/hex.h"

namespace kedge {
TEST("HMAC-SHA-256 answers RFC 4231") {
  const std::string short_key(20, '\x0b'), long_key(131, '\xaa');
  CHECK(hex_of(hmac_sha256(as_bytes(short_key), as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex_of(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex_of(hmac_sha256(as_bytes(long_key),
                           as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST("sums are equal when every byte is") {
  const Sha256Sum sum = hmac_sha256(as_bytes("a"), as_bytes("b"));
  CHECK(equal_sums(sum, sum));
  for (std::size_t i = 0; i < sum.size(); ++i) {
    Sha256Sum other = sum;
    other[i] ^= std::byte{1};
    CHECK(!equal_sums(sum, other));
  }
}

}  // namespace kedge
