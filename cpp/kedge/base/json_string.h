// Strings as JSON spells them (RFC 8259), which must be well-formed UTF-8 whatever way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kedge {

struct JsonString {
  std::string_view value;  // of the text itself, or of `unescaped`
  std::size_t end = 0;     // behind the closing quote; else the byte that is wrong
  const char* problem = nullptr;
};

// The string whose opening quote is text[start]. `unescaped` is where a string with escapes is
// written, and is not touched for one without.
JsonString read_json_string(std::string_view text, std::size_t start, std::string& unescaped);

// The same text between quotes, control characters escaped; as well-formed as it was.
std::string json_quoted(std::string_view value);

}  // namespace kedge
