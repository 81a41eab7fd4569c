#include "kedge/model/ubjson.h"

#include <algorithm>
#include <string>

#include "check.h"
#include "kedge/base/bytes.h"

namespace kedge {
namespace {

using namespace std::string_literals;

Document read(const std::string& bytes) { return read_ubjson(as_bytes(bytes)); }

}  // namespace

TEST("every type reads back, big end first") {
  const Document document = read(
      "[ZTFi\xffU\xffI\xff\x00l\x80\x00\x00\x00L\x00\x00\x00\x00\x00\x00\x01\x00"
      "d\x3f\xc0\x00\x00"
      "D\xc0\x04\x00\x00\x00\x00\x00\x00"
      "CxSi\x02hiNHi\x04"
      "-1e3]"s);
  const Value root = document.root();
  CHECK(root.size() == 13);
  CHECK(root[0].is_null() && root[1].boolean() && !root[2].boolean());
  CHECK(root[3].integer() == -1 && root[4].integer() == 255 && root[5].integer() == -256);
  CHECK(root[6].integer() == INT32_MIN && root[7].integer() == 256);
  CHECK(root[8].number() == 1.5 && root[9].number() == -2.5);
  CHECK(root[10].text() == "x" && root[11].text() == "hi" && root[12].number() == -1000);
}

TEST("containers may be counted and typed") {
  const Document document = read(
      "{i\x01"
      "a[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff"
      "i\x01"
      "b[#i\x02i\x05Z"
      "i\x01"
      "c{$U#i\x02i\x01x\x07i\x01y\x08"
      "i\x01"
      "d[$[#i\x02i\x01]$d#i\x01\x3f\x80\x00\x00"
      "i\x01"
      "e[$l#i\x00}"s);
  const Value root = document.root();
  CHECK(std::ranges::equal(root.at("a").integers(), std::vector<std::int64_t>{1, -1}));
  CHECK(root.at("b")[0].integer() == 5 && root.at("b")[1].is_null());
  CHECK(root.at("c").at("y").integer() == 8);
  CHECK(root.at("d")[0].size() == 1 && root.at("d")[1].numbers() == std::vector<double>{1});
  CHECK(root.at("e").size() == 0);
}

TEST("what is no UBJSON is refused with its offset") {
  CHECK_ERROR("UBJSON: needs 1 bytes at offset 0", read(""));
  CHECK_ERROR("UBJSON, byte 1: no value has type 120", read("x"));
  CHECK_ERROR("UBJSON: needs 4 bytes", read("[$l#i\x02\x00\x00\x00\x01\xff"s));
  CHECK_ERROR("a length of -1", read("[#i\xff"s));
  CHECK_ERROR("expected a length, got type 90", read("[#Z"));
  CHECK_ERROR("a string of 9 bytes, 1 are left", read("Si\tx"));
  CHECK_ERROR("a container of type 84", read("[$T#l\x7f\xff\xff\xff"s));
  CHECK_ERROR("a container with a type has no count", read("[$U]"));
  CHECK_ERROR("is not UTF-8", read("Si\x01\xff"));
  CHECK_ERROR("a character beyond ASCII", read("C\xff"));
  CHECK_ERROR("\"1x\" is no number", read("Hi\x02"
                                          "1x"));
  CHECK_ERROR("the object has \"a\" twice", read("{i\x01"
                                                 "aZi\x01"
                                                 "aZ}"));
  CHECK_ERROR("1 bytes after the end", read("ZZ"));
  CHECK_ERROR("nested deeper than 100000", read(std::string(100'001, '[')));
}

TEST("a count that is larger than the file ends in an error, not in memory") {
  CHECK_ERROR("UBJSON: needs", read("[$U#L\x7f\xff\xff\xff\xff\xff\xff\xff"s));
  CHECK_ERROR("UBJSON: needs", read("[#L\x7f\xff\xff\xff\xff\xff\xff\xff"s));
  CHECK_ERROR("UBJSON: needs", read("[$[#L\x7f\xff\xff\xff\xff\xff\xff\xff"s));
}

}  // namespace kedge
