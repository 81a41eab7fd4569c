// Joins strings and numbers into one string, the same on every machine: no locale, shortest digits
// that read back to the same number.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

enum class PartKind : std::uint8_t {
  kLiteral,  // characters up to a zero
  kString,
  kView,
  kChar,
  kFloat,
  kDouble,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
};

template <class Part>
constexpr PartKind part_kind() {
  if constexpr (std::is_convertible_v<Part, const char*>) return PartKind::kLiteral;
  if constexpr (std::same_as<Part, std::string>) return PartKind::kString;
  if constexpr (std::same_as<Part, std::string_view>) return PartKind::kView;
  if constexpr (std::same_as<Part, char>) return PartKind::kChar;
  if constexpr (std::same_as<Part, float>) return PartKind::kFloat;
  if constexpr (std::same_as<Part, double>) return PartKind::kDouble;
  if constexpr (std::integral<Part> && !std::same_as<Part, bool>) {
    const int size = sizeof(Part) == 8 ? 3 : sizeof(Part) == 4 ? 2 : sizeof(Part) == 2 ? 1 : 0;
    const int first =
        static_cast<int>(std::unsigned_integral<Part> ? PartKind::kUint8 : PartKind::kInt8);
    return static_cast<PartKind>(first + 2 * size);
  }
}

// Four bits each, those of the first part the lowest.
template <class... Parts>
constexpr std::uint64_t part_kinds() {
  static_assert(sizeof...(Parts) <= 16);
  std::uint64_t kinds = 0;
  int at = 0;
  ((kinds |= std::uint64_t{static_cast<std::uint8_t>(part_kind<Parts>())} << (4 * at++)), ...);
  return kinds;
}

template <class Part>
const void* part_address(const Part& part) noexcept {
  if constexpr (part_kind<Part>() == PartKind::kLiteral) {
    return static_cast<const char*>(part);
  } else {
    return std::addressof(part);
  }
}

// As many parts as there are addresses.
void append_parts(std::string& out, std::uint64_t kinds, std::span<const void* const> addresses);

// Errors are joined in hundreds of places: a function for each list of types would be a sixth of a
// program. So there is one for each number of parts, of which it has kinds and addresses.
template <std::same_as<const void*>... Addresses>
[[gnu::noinline]] std::string join_parts(std::uint64_t kinds, Addresses... addresses) {
  const std::array<const void*, sizeof...(addresses)> all = {addresses...};
  std::string out;
  append_parts(out, kinds, all);
  return out;
}

template <class... Parts>
[[gnu::always_inline]] inline std::string text(const Parts&... parts) {
  return join_parts(part_kinds<Parts...>(), part_address(parts)...);
}

}  // namespace kedge
