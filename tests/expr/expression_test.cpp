#include "kedge/expr/expression.h"

#include <string>

#include "check.h"

namespace kedge {
namespace {

std::string again(std::string_view source) {
  const Expression parsed = parse_expression(source);
  const std::string canonical = to_string(parsed);
  CHECK(parse_expression(canonical) == parsed);
  CHECK(to_string(parse_expression(canonical)) == canonical);
  return canonical;
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST("an expression has one canonical text, which parses to the same tree") {
  CHECK(again("status=='ok' AND amount>10") == "status == 'ok' and amount > 10");
  CHECK(again("(a = 1) or ((b <> 2) and not (c <= 3))") == "a == 1 or b != 2 and not c <= 3");
  CHECK(again("a - (b - c) - d") == "a - (b - c) - d");
  CHECK(again("(a + b) * -c") == "(a + b) * -c");
  CHECK(again("-(a + b) % 3") == "-(a + b) % 3");
  CHECK(again("- -5") == "5");
  CHECK(again("-9223372036854775808") == "-9223372036854775808");
  CHECK(again("18446744073709551615 > 1e2") == "18446744073709551615 > 100.0");
  CHECK(again("-0.0 == .5e-3") == "-0.0 == 5e-04");
  CHECK(again("x NOT IN (1, -2.0, null)") == "x not in (1, -2.0, null)");
  CHECK(again("x not between 1 and 2 or x is not nan") == "x not between 1 and 2 or x is not nan");
  CHECK(again("(a < b) == (c is null)") == "(a < b) == (c is null)");
  CHECK(again("not not a") == "not not a");
  CHECK(again("ABS(a) + `Sqrt`") == "abs(a) + Sqrt");
  CHECK(again("\"it's\" != 'a \"b\"'") == "'it''s' != 'a \"b\"'");
  CHECK(again("`a b` + `and` + `x``y` + user.age") == "`a b` + `and` + `x``y` + user.age");
  CHECK(again("timestamp > 3 and date is null") == "timestamp > 3 and date is null");
  CHECK(again("gr\xc3\xb6\xc3\x9f"
              "e > 1") ==
        "gr\xc3\xb6\xc3\x9f"
        "e > 1");
}

TEST("times and durations are in the coarsest unit that holds them") {
  CHECK(again("timestamp '2026-01-31T10:00:00Z'") == "timestamp '2026-01-31T10:00:00Z'");
  CHECK(again("timestamp '2026-01-31'") == "timestamp '2026-01-31T00:00:00Z'");
  CHECK(again("timestamp '2026-01-31 10:00+01:30'") == "timestamp '2026-01-31T08:30:00Z'");
  CHECK(again("timestamp '1969-12-31T23:59:59.5'") == "timestamp '1969-12-31T23:59:59.500Z'");
  CHECK(again("timestamp '2026-01-31T10:00:00.000010Z'") ==
        "timestamp '2026-01-31T10:00:00.000010Z'");
  CHECK(again("timestamp '2026-01-31T10:00:00.000000001Z'") ==
        "timestamp '2026-01-31T10:00:00.000000001Z'");
  CHECK(again("date '0001-01-01' < date '9999-12-31'") == "date '0001-01-01' < date '9999-12-31'");
  CHECK(again("duration '1h30m'") == "duration '5400s'");
  CHECK(again("duration '1s1ms'") == "duration '1001ms'");
  CHECK(again("duration '1000us'") == "duration '1ms'");
  const char* const kBad[] = {"2026-02-30",
                              "2026-1-01",
                              "2026-01-31T25:00",
                              "0000-01-01",
                              "2026-01-31T10",
                              "2026-01-31T10:00:00.",
                              "2026-01-31x",
                              "0001-01-01T00:00+01:00",
                              "3000-01-01T00:00:00.000000001",
                              ""};
  for (const char* bad : kBad) {
    CHECK_ERROR("expected a time like", parse_expression("timestamp '" + std::string(bad) + "'"));
  }
  for (const char* bad : {"", "5", "m", "5x", "99999999999999w", "99999999999999999999s", "-5m"}) {
    CHECK_ERROR("expected a duration like",
                parse_expression("duration '" + std::string(bad) + "'"));
  }
}

TEST("an error says where it is and what was expected") {
  CHECK_ERROR("expression \"a >> 3\": column 4: expected a value, got `>`",
              parse_expression("a >> 3"));
  CHECK_ERROR("column 1: expected a value, got the end", parse_expression(""));
  CHECK_ERROR("column 7: comparisons do not chain", parse_expression("a < b < c"));
  CHECK_ERROR("column 5: write `and` for &&", parse_expression("a>1 && b"));
  CHECK_ERROR("column 3: expected an operator or the end, got `b`", parse_expression("a b"));
  CHECK_ERROR("column 5: the ' is never closed", parse_expression("a== 'x"));
  CHECK_ERROR("column 1: there is no function of that name", parse_expression("log(a)"));
  CHECK_ERROR("expected `)`, got the end", parse_expression("(a"));
  CHECK_ERROR("expected a constant, got `b`", parse_expression("a in (b)"));
  CHECK_ERROR("expected a constant, got `)`", parse_expression("a in ()"));
  CHECK_ERROR("expected `null` or `nan`, got `3`", parse_expression("a is 3"));
  CHECK_ERROR("expected `in` or `between`, got `b`", parse_expression("a not b"));
  CHECK_ERROR("expected `and` of `between`", parse_expression("a between 1 or 2"));
  CHECK_ERROR("put parentheses around this `not`", parse_expression("a == not b"));
  CHECK_ERROR("99999999999999999999 is beyond 64 bits", parse_expression("99999999999999999999"));
  CHECK_ERROR("beyond 64 bits", parse_expression("-9223372036854775809"));
  CHECK_ERROR("1e999 is beyond a float64", parse_expression("1e999"));
  CHECK_ERROR("a number ends in a letter", parse_expression("12abc"));
  CHECK_ERROR("expected the digits of an exponent", parse_expression("1e+"));
  CHECK_ERROR("'$' means nothing", parse_expression("$a"));
  CHECK_ERROR("not UTF-8", parse_expression("a == '\xff'"));
  CHECK_ERROR("a column has no name", parse_expression("``"));
  CHECK_ERROR("expression \"...", parse_expression(repeated("a + ", 100) + "*"));
}

TEST("nesting, parts and bytes have their bounds, which the canonical text keeps") {
  const int most = kMostExpressionNesting;
  CHECK(again(repeated("(", most) + "a" + repeated(")", most)) == "a");
  CHECK(again(repeated("-", most) + "a") == repeated("-", most) + "a");
  CHECK_ERROR("nested deeper than 64", parse_expression(repeated("(", most + 1) + "a"));
  CHECK_ERROR("nested deeper than 64", parse_expression(repeated("not ", 100'000 / 8) + "a"));
  const std::string sum = "a" + repeated(" + a", 499);
  CHECK(again(sum) == sum);
  CHECK_ERROR("more than 1000 parts", parse_expression(sum + " + a"));
  CHECK_ERROR("at most 65536 are read", parse_expression(std::string(65'537, ' ')));
  CHECK_ERROR("written out, has", parse_expression("x in (" + repeated("1e9,", 16'000) + "1)"));
}

}  // namespace kedge
