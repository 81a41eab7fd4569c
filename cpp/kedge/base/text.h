// Joins strings and numbers into one string, the same on every machine: no locale, shortest digits
// that read back to the same number.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace kedge {

std::string text_of(double value);

inline void append_text(std::string& out, std::string_view part) { out += part; }
inline void append_text(std::string& out, char part) { out += part; }
inline void append_text(std::string& out, double part) { out += text_of(part); }
// Not bool: a pointer would prefer it to string_view.
template <std::integral Integer>
  requires(!std::same_as<Integer, bool>)
void append_text(std::string& out, Integer part) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

}  // namespace kedge
