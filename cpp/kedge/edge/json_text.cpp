#include "kedge/edge/json_text.h"

#include <charconv>
#include <cmath>

#include "kedge/base/text.h"

namespace kedge::edge {
namespace {

void append_escaped(std::string& out, unsigned char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else if (c < 0x20) {
    out += "\\u00";
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  const bool is_text = is_utf8(value);
  out += '"';
  for (const char each : value) {
    const auto c = static_cast<unsigned char>(each);
    if (c >= 0x80 && !is_text) {
      out += "\xef\xbf\xbd";
    } else {
      append_escaped(out, c);
    }
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace kedge::edge
