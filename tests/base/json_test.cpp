#include "kedge/base/json.h"

#include <algorithm>
#include <cmath>

#include "check.h"

namespace kedge {

TEST("every kind of value reads back as it stands, in the file's order") {
  const Document document = read_json(R"( {"b": [true, false, null], "a": -12, "": "x",
      "f": -2.5e-3, "o": {}, "e": [ ], "n": {"deep": [[1], [2, 3]]}} )");
  const Value root = document.root();
  CHECK(root.size() == 7);
  CHECK(root.name(0) == "b" && root.name(1) == "a" && root.name(2).empty());
  CHECK(root.at("b")[0].boolean() && !root.at("b")[1].boolean() && root.at("b")[2].is_null());
  CHECK(root.at("a").integer() == -12 && root.at("a").number() == -12.0);
  CHECK(root.at("").text() == "x");
  CHECK(root[3].number() == -0.0025);
  CHECK(root.at("o").size() == 0 && root.at("o").is_object());
  CHECK(root.at("e").size() == 0 && root.at("e").integers().empty());
  CHECK(root.at("n").at("deep")[1][1].integer() == 3);
  CHECK(!root.find("c").has_value());
}

TEST("an array of numbers is held as numbers") {
  const Document document =
      read_json(R"([[1,-2,3], [1,2.5,-0], [1,"x"], [NaN,Infinity,-Infinity]])");
  const Value root = document.root();
  const auto whole = root[0].integers();
  CHECK(std::ranges::equal(whole, std::vector<std::int64_t>{1, -2, 3}));
  CHECK(root[0].numbers() == std::vector<double>{1, -2, 3});
  CHECK(root[0][1].integer() == -2);
  CHECK(root[1].numbers() == std::vector<double>{1, 2.5, 0});
  CHECK(std::signbit(root[1][2].number()));
  CHECK(root[2][0].integer() == 1 && root[2][1].text() == "x");
  const auto wild = root[3].numbers();
  CHECK(std::isnan(wild[0]) && wild[1] == HUGE_VAL && wild[2] == -HUGE_VAL);
}

TEST("numbers keep their last bit") {
  const Document document = read_json(
      "[9223372036854775807, -9223372036854775808, 9223372036854775808, 5e-324, 0.1, "
      "1.7976931348623157e308, 1E0, 0e5, 4.9406564584124654e-324]");
  const Value root = document.root();
  CHECK(root[2].number() == 9223372036854775808.0);
  CHECK(root[3].number() == 5e-324 && root[4].number() == 0.1);
  CHECK(root[5].number() == 1.7976931348623157e308 && root[6].number() == 1);
  CHECK(root[7].number() == 0 && root[8].number() == 5e-324);
  const Document whole = read_json("[9223372036854775807, -9223372036854775808]");
  CHECK(whole.root()[0].integer() == INT64_MAX && whole.root()[1].integer() == INT64_MIN);
}

TEST("escapes are what they stand for") {
  const Document document =
      read_json(R"(["\"\\\/\b\f\n\r\t", "a\u0041\u00e9\u20ac\ud83d\ude00", "é€😀"])");
  CHECK(document.root()[0].text() == "\"\\/\b\f\n\r\t");
  CHECK(document.root()[1].text() == "aAé€😀");
  CHECK(document.root()[2].text() == "é€😀");
}

TEST("whoever asks for what is not there is told the path") {
  const Document document =
      read_json(R"({"learner": {"trees": [{"ids": [1, 2.5], "x": [1, 2], "y": ["a", 1]}]}})");
  const Value tree = document.root().at("learner").at("trees")[0];
  CHECK_ERROR("learner.trees[0]: \"parents\" is missing", tree.at("parents"));
  CHECK_ERROR("learner.trees[0].ids: expected integers, got numbers", tree.at("ids").integers());
  CHECK_ERROR("learner.trees[0].y[0]: expected an integer, got a string", tree.at("y").integers());
  CHECK_ERROR("learner.trees[0].y[0]: expected a number, got a string", tree.at("y").numbers());
  CHECK_ERROR("learner.trees[0].x: element 2 is wanted, there are 2", tree.at("x")[2]);
  CHECK_ERROR("learner.trees[0].x[1]: expected a string, got an integer", tree.at("x")[1].text());
  CHECK_ERROR("learner.trees: expected an object, got an array",
              document.root().at("learner").at("trees").at("x"));
  CHECK_ERROR("the whole document: expected an array", document.root().integers());
}

TEST("what is no JSON is refused with its line and column") {
  const auto refused = [](std::string_view text, std::string_view part) {
    CHECK_ERROR(part, read_json(text));
  };
  refused("", "JSON, line 1, column 1: expected a value, got the end");
  refused("{\n  \"a\": 1,\n  \"b\" 2}", "JSON, line 3, column 7: expected ':', got '2'");
  refused("[1,]", "column 4: expected a value, got ']'");
  refused("{\"a\":1,}", "column 8: expected a name, got '}'");
  refused("[1 2]", "column 4: expected ',' or ']', got '2'");
  refused("[,1]", "column 2: expected a value, got ','");
  refused("{1:2}", "column 2: expected a name, got '1'");
  refused("[1", "column 3: expected ',' or ']', got the end");
  refused("[1}", "column 3: expected ',' or ']', got '}'");
  refused("[1] x", "column 5: expected the end, got 'x'");
  refused("[01]", "column 3: expected ',' or ']', got '1'");
  refused("[+1]", "expected a value, got '+'");
  refused("[1.]", "got '.'");
  refused("[1e]", "got 'e'");
  refused("[-]", "expected a value");
  refused("[1e999]", "the number is beyond a double");
  refused("tru", "expected a value");
  refused("\"a", "column 3: the string does not end");
  refused("\"a\\", "expected an escape");
  refused("\"\\x\"", "expected an escape");
  refused("\"\\u12g4\"", "expected four hexadecimal digits");
  refused("\"\\ud800\"", "half a surrogate pair");
  refused("\"\\udc00\"", "half a surrogate pair");
  refused("\"\\ud800\\u0041\"", "half a surrogate pair");
  refused("\"a\nb\"", "a string has a control character");
  refused("\"\xff\"", "is not UTF-8");
  refused("\"\xed\xa0\x80\"", "is not UTF-8");
  refused("\"\xc0\x80\"", "is not UTF-8");
  refused("{\"a\":1,\"b\":2,\"a\":3}", "the object has \"a\" twice");
}

TEST("a large object with a name twice is refused too") {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) append_text(text, kedge::text("\"k", i, "\":", i, ','));
  CHECK(read_json(text + "\"z\":0}").root().at("k99").integer() == 99);
  CHECK_ERROR("the object has \"k7\" twice", read_json(text + "\"k7\":0}"));
}

TEST("deep nesting is read without recursion, and has a bound") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const Document document = read_json(nested(DocumentBuilder::kMostNesting));
  CHECK(document.root().size() == 1);
  CHECK_ERROR("nested deeper than 100000", read_json(nested(DocumentBuilder::kMostNesting + 1)));
  Value inner = document.root();
  while (inner.size() > 0) inner = inner[0];
  CHECK(inner.path() == "[0][0][0][0][0][0][0][0]...[0][0][0][0][0][0][0][0]");
}

}  // namespace kedge
