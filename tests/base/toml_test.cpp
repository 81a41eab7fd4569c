#include "kedge/base/toml.h"

#include <cmath>
#include <string>

#include "check.h"

namespace kedge {
namespace {

TEST("toml: every form of a value, tables in any order") {
  const Document document = read_toml(
      "title = 'x' # said\n[a.b]\nn = 0x1F\nm = -1_000\nf = 6.5e-1\ni = +inf\n"
      "[[s]]\nk = \"\\u00e9\\n\"\n[s.t]\nd = 2024-01-01 10:00:00Z\n[[s]]\nk = '''\na'b'''\n"
      "[a]\n\"q k\".z = [1, 2.5, [true], {p = 1, q.r = \"\"}]\n");
  const Value root = document.root();
  CHECK(root.at("title").text() == "x");
  CHECK(root.at("a").at("b").at("n").integer() == 31);
  CHECK(root.at("a").at("b").at("m").integer() == -1000);
  CHECK(root.at("a").at("b").at("f").number() == 0.65);
  CHECK(root.at("a").at("b").at("i").number() == HUGE_VAL);
  CHECK(root.at("s")[0].at("k").text() == "\xc3\xa9\n");
  CHECK(root.at("s")[0].at("t").at("d").text() == "2024-01-01 10:00:00Z");
  CHECK(root.at("s")[1].at("k").text() == "a'b");
  CHECK(root.at("a").at("q k").at("z")[3].at("q").at("r").text().empty());
}

TEST("toml: a comment is any text, but no control character") {
  CHECK(read_toml("# \xc3\xa4\xe6\xa8\xa1\xf0\x9f\x98\x80\na = 1 # \xc3\xbc\n")
            .root()
            .at("a")
            .integer() == 1);
  CHECK_ERROR("line 1: a control character", read_toml("# \x01\n"));
  CHECK_ERROR("line 1: a control character", read_toml("# \x7f\n"));
}

TEST("toml: errors say the line and what is wrong") {
  CHECK_ERROR("line 2: \"a\" is there twice", read_toml("a = 1\na = 2\n"));
  CHECK_ERROR("line 3: table \"t\" is there twice", read_toml("[t]\nx = 1\n[t]\n"));
  CHECK_ERROR("line 2: \"p\" is there twice", read_toml("p = {x = 1}\np.y = 2\n"));
  CHECK_ERROR("line 1: expected a value, got \"07\"", read_toml("a = 07"));
  CHECK_ERROR("line 1: expected a value, got \"1__0\"", read_toml("a = 1__0"));
  CHECK_ERROR("line 1: expected the line's end, got \"b = 2\"", read_toml("a = 1 b = 2"));
  CHECK_ERROR("line 1: expected '=', got the line's end", read_toml("a\n"));
  CHECK_ERROR("does not end on its line", read_toml("a = \"x\ny\""));
  CHECK_ERROR("no such escape", read_toml("a = \"\\x\""));
  CHECK_ERROR("nested deeper than 64", read_toml("a = " + std::string(100, '[')));
  CHECK_ERROR("not UTF-8", read_toml("a = '\xff'"));
}

}  // namespace
}  // namespace kedge
