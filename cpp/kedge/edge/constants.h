// C++ constants as text.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "kedge/base/text.h"

namespace kedge {

// Reads back to the same bits; of NaN, to a NaN.
inline std::string constant_of(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value < 0 ? "-__builtin_inf()" : "__builtin_inf()";
  char digits[40];
  std::snprintf(digits, sizeof digits, "%a", value);
  return digits;
}
inline std::string constant_of(float value) {
  if (!std::isfinite(value)) return "static_cast<float>(" + constant_of(double{value}) + ")";
  return constant_of(double{value}) + "f";
}
inline std::string constant_of(bool value) { return value ? "true" : "false"; }
template <std::integral Integer>
std::string constant_of(Integer value) {
  std::string digits = text(value);
  if constexpr (std::unsigned_integral<Integer>) digits += 'u';
  return digits;
}
inline std::string constant_of(const std::string& value) { return value; }

template <class... Parts>
std::string braced(const Parts&... parts) {
  std::string out;
  ((append_text(out, out.empty() ? "{" : ", "), append_text(out, constant_of(parts))), ...);
  return out + "}";
}

// An array of what `constant` writes of each value; nothing of no values.
template <class Value, class Constant>
void write_array(std::string& out, std::string_view type, std::string_view name,
                 std::span<const Value> values, const Constant& constant) {
  if (values.empty()) return;
  constexpr std::size_t kWidth = 96;
  append_text(out, text("inline constexpr ", type, " ", name, "[] = {\n"));
  std::string line(3, ' ');
  for (const Value& value : values) {
    const std::string next = text(' ', constant(value), ',');
    if (line.size() + next.size() > kWidth) {
      append_text(out, text(line, '\n'));
      line.assign(3, ' ');
    }
    line += next;
  }
  append_text(out, text(line, "\n};\n"));
}

template <class Value>
void write_array(std::string& out, std::string_view type, std::string_view name,
                 std::span<const Value> values) {
  write_array(out, type, name, values, [](const Value& value) { return constant_of(value); });
}

// What points to the array, or null to none.
template <class Value>
std::string array_name(std::string_view name, std::span<const Value> values) {
  return values.empty() ? "nullptr" : std::string(name);
}

}  // namespace kedge
