// Strings as TOML spells them: basic and literal ones, on one line or several.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kedge {

struct TomlString {
  std::string value;
  std::size_t end = 0;  // behind the closing quotes; else the byte that is wrong
  const char* problem = nullptr;
};

// The string whose first quote is text[start]; three quotes open a string of lines, if allowed.
TomlString read_toml_string(std::string_view text, std::size_t start, bool multiline);

}  // namespace kedge
