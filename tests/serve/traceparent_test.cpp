#include "kedge/serve/traceparent.h"

#include <string>

#include "check.h"
#include "kedge/base/hex.h"

namespace kedge {
namespace {

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kSpan = "00f067aa0ba902b7";

std::string spelled(std::string_view version, std::string_view flags, std::string_view more = {}) {
  std::string out(version);
  for (const std::string_view part : {kTrace, kSpan, flags}) out.append("-").append(part);
  return out.append(more);
}

TEST("a traceparent is read as W3C writes it") {
  for (const std::string_view flags : {"00", "01", "02", "03", "ff"}) {
    const auto parent = read_traceparent(spelled("00", flags));
    CHECK(parent && hex_of(parent->trace) == kTrace && hex_of(parent->span) == kSpan);
    CHECK(parent && parent->is_sampled == (flags == "01" || flags == "03" || flags == "ff"));
  }
}

TEST("a later version may have more, behind another dash") {
  CHECK(read_traceparent(spelled("cc", "01")).has_value());
  CHECK(read_traceparent(spelled("cc", "01", "-more")).has_value());
  CHECK(!read_traceparent(spelled("cc", "01", "more")));
  CHECK(!read_traceparent(spelled("00", "01", "-more")));
  CHECK(!read_traceparent(spelled("ff", "01")));
}

TEST("what is not spelled so is no traceparent") {
  const std::string whole = spelled("00", "01");
  CHECK(!read_traceparent(""));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CHECK(!read_traceparent(whole.substr(0, i)));
    for (const char wrong : {'g', 'A', '\0', ' ', '\xff'}) {
      std::string other = whole;
      other[i] = wrong;
      CHECK(!read_traceparent(other));
    }
  }
  CHECK(!read_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  CHECK(!read_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
}

}  // namespace
}  // namespace kedge
