// Joins strings and numbers into one string, the same on every machine: no locale, shortest digits
// that read back to the same number.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace kedge {

std::string text_of(double value);

// The number that the whole text spells; none when it spells none, or one out of its type's range.
template <class Number>
  requires std::is_arithmetic_v<Number>
std::optional<Number> number_of(std::string_view digits) noexcept {
  Number number{};
  const char* const first = digits.data();
  const char* const last = first + digits.size();
  const auto result = std::from_chars(first, last, number);
  if (result.ec != std::errc{} || result.ptr != last) return std::nullopt;
  return number;
}

// Whether the bytes are well-formed UTF-8 (RFC 3629): no surrogates, no longer spelling than
// needed.
bool is_utf8(std::string_view bytes) noexcept;

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
