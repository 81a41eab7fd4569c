// Bytes as hexadecimal digits, lower case: every byte sequence has one spelling.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace kedge {

std::string hex_of(std::span<const std::byte> bytes);

// Fills `out` and says true when the digits are exactly that many bytes.
bool read_hex(std::string_view digits, std::span<std::byte> out) noexcept;

}  // namespace kedge
