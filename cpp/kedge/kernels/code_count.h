// How often each code of a dictionary comes: the loop under every dictionary column. Codes are the
// indices of Arrow dictionaries, of any integer type, and nobody has looked at them before.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kedge {

// Codes and, if some may be null, their validity bitmap: bit `validity_offset` belongs to the first
// code, a clear bit makes a code null, whatever it is.
template <class Code>
struct Codes {
  const Code* codes;
  std::size_t length;
  const std::uint8_t* validity = nullptr;
  std::size_t validity_offset = 0;
};

// Counters of a dictionary of `entries`: one for each entry, then these.
constexpr std::size_t null_code(std::size_t entries) noexcept { return entries; }
constexpr std::size_t bad_code(std::size_t entries) noexcept { return entries + 1; }
constexpr std::size_t code_slots(std::size_t entries) noexcept { return entries + 2; }

// Adds one to the counter of each code; a code outside of 0 .. entries-1 goes to the bad ones, so
// memory is not hit outside of the counters, each of which must stay below 2^32. Code is one of the
// eight integers of <cstdint>. The answer is the same on every machine. Allocates nothing.
template <class Code>
void count_codes(const Codes<Code>& in, std::size_t entries, std::uint32_t* counts) noexcept;

}  // namespace kedge
