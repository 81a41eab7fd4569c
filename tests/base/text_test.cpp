#include "kedge/base/text.h"

#include <limits>

#include "check.h"
#include "kedge/base/error.h"

namespace kedge {

TEST("text: numbers of every width, characters and all kinds of strings are joined") {
  const std::string owned = "owned";
  const char* const pointer = "pointer";
  CHECK(text("a", owned, std::string_view("view"), pointer, 'c', 0.1, -0.0) ==
        "aownedviewpointerc0.1-0");
  CHECK(text(std::numeric_limits<std::int64_t>::min(), ' ',
             std::numeric_limits<std::uint64_t>::max()) ==
        "-9223372036854775808 18446744073709551615");
  CHECK(text(static_cast<std::int8_t>(-5), static_cast<std::uint8_t>(200), 1.5f, 7, 8u) ==
        "-52001.578");
  CHECK(text().empty());
}

TEST("text: what an error is joined of is its message") {
  const Error error = corrupt_data("row ", std::size_t{3}, ": ", -1.5, " is below ", 0);
  CHECK(error.code() == ErrorCode::kCorruptData);
  CHECK(std::string_view(error.what()) == "row 3: -1.5 is below 0");
}

}  // namespace kedge
