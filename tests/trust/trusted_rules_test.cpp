// What is held against signed bytes before any rule between roles: times, names, patterns, hashes.
#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/json.h"
#include "kedge/trust/delegation.h"
#include "kedge/trust/file_check.h"
#include "kedge/trust/url_path.h"
#include "kedge/trust/utc_time.h"

namespace kedge::trust {
namespace {

FileFacts facts_of(const char* json) { return read_file_facts(read_json(json).root()); }

}  // namespace

TEST("times are read and written alike, and other spellings are none") {
  CHECK(read_utc("1970-01-01T00:00:00Z") == 0);
  CHECK(read_utc("2030-01-01T00:00:00Z") == 1'893'456'000);
  CHECK(read_utc("9999-12-31T23:59:59Z") == 253'402'300'799);
  CHECK(read_utc("2028-02-29T12:34:56Z") == 1'835'440'496);
  for (const char* text : {"2027-02-29T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:60:00Z",
                           "2030-01-01T00:00:60Z", "2030-01-01T00:00:00z", "2030-01-01 00:00:00Z",
                           "2030-01-01T00:00:00+00:00", "2030-00-01T00:00:00Z", "", "+030-01-01"}) {
    CHECK(!read_utc(text));
  }
  for (const std::int64_t seconds : {0LL, 59LL, 86'399LL, 951'782'400LL, 253'402'300'799LL}) {
    CHECK(read_utc(utc_text(seconds)) == seconds);
  }
  CHECK(utc_text(-1) == "-1 s after 1970");
}

TEST("names go into paths as percent signs and digits") {
  CHECK(percent_encoded("a-Z_0.9~", false) == "a-Z_0.9~");
  CHECK(percent_encoded("../a b?#%\xc3\xa9", false) == "..%2Fa%20b%3F%23%25%C3%A9");
  CHECK(percent_encoded("a/b c", true) == "a/b%20c");
  CHECK(percent_encoded(std::string_view("\0", 1), false) == "%00");
}

TEST("patterns stop at slashes") {
  CHECK(matches_path("*", "a"));
  CHECK(!matches_path("*", "a/b"));
  CHECK(matches_path("a/*/c-?", "a/b/c-1"));
  CHECK(!matches_path("a/?", "a//"));
  CHECK(matches_path("*a*b*", "xxaxxbaxb"));
  CHECK(!matches_path("*a*b", "xxaxxba"));
  CHECK(matches_path("", "") && !matches_path("", "a"));
}

TEST("hash prefixes cover paths") {
  DelegatedRole role;
  role.prefixes = {"ca97", "0"};  // of "a", whose SHA-256 begins with ca978112
  CHECK(role.covers("a"));
  CHECK(!role.covers("b"));
}

TEST("a file is held to its length and to every hash that is known") {
  // SHA-256 and SHA-512 of "abc".
  const char* both =
      R"({"length": 3, "hashes": {"md5": "00", "sha256":
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "sha512":
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a)"
      R"(2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"}})";
  FileCheck whole(facts_of(both), "f");
  whole.add(as_bytes("ab"));
  whole.add(as_bytes("c"));
  whole.finish();
  FileCheck other(facts_of(both), "f");
  other.add(as_bytes("abd"));
  CHECK_ERROR("f: sha256 is ", other.finish());
  FileCheck shorter(facts_of(both), "f");
  shorter.add(as_bytes("ab"));
  CHECK_ERROR("f: 2 bytes, 3 are signed", shorter.finish());
  FileCheck longer(facts_of(both), "f");
  CHECK_ERROR("f: more than the 3 bytes that are signed", longer.add(as_bytes("abcd")));
  CHECK_ERROR("f: only hashes of kinds that are not known",
              FileCheck(facts_of(R"({"hashes": {"md5": "00"}})"), "f"));
  CHECK_ERROR("hashes.sha256: \"00\" is not 64 hexadecimal digits",
              facts_of(R"({"hashes": {"sha256": "00"}})"));
  CHECK_ERROR("hashes: no hash is given", facts_of(R"({"hashes": {}})"));
  CHECK_ERROR("length: -1 is below 0", facts_of(R"({"length": -1})"));
}

}  // namespace kedge::trust
