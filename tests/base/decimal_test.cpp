#include "kedge/base/decimal.h"

#include <cstdlib>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

std::string digits(Random& random, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>('0' + random.below(10));
  return out;
}

}  // namespace

TEST("decimal: numbers of any length are the nearest, on both sides of what 64 bits hold") {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string number = random.below(2) == 0 ? "-" : "";
    const std::size_t whole = random.below(23);
    number += whole == 0 ? "0" : text(1 + random.below(9), digits(random, whole - 1));
    const std::size_t behind = random.below(23);
    if (behind > 0) number += text('.', digits(random, behind));
    if (random.below(4) == 0) number += text('e', static_cast<int>(random.below(60)) - 30);
    const auto read = read_decimal(number);
    CHECK(read && read->spelling == number);
    CHECK(read && read->float64() == number_of<double>(number));
    const bool is_whole = number.find_first_of(".e") == std::string::npos;
    CHECK(read && (!is_whole || read->int64() == number_of<std::int64_t>(number)));
    CHECK(read && (is_whole || !read->int64()));
  }
}

TEST("decimal: it ends where JSON's grammar ends it") {
  for (const auto& [all, number] : {std::pair{"01", "0"},
                                    {"1.", "1"},
                                    {"-0.50x", "-0.50"},
                                    {"7e", "7"},
                                    {"7e+", "7"},
                                    {"12345678901234567890.5]", "12345678901234567890.5"},
                                    {"0.e1", "0"}}) {
    const auto read = read_decimal(all);
    CHECK(read && read->spelling == number);
  }
  CHECK(!read_decimal("-") && !read_decimal("") && !read_decimal(".5"));
}

}  // namespace kedge
