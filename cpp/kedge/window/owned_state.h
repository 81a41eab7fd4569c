// An object that a state owns through eight of its bytes: its address, or 0 for none yet.
#pragma once

#include <bit>
#include <cstdint>

namespace kedge {

template <class Owned>
Owned* owned_at(std::uint64_t address) noexcept {
  return std::bit_cast<Owned*>(static_cast<std::uintptr_t>(address));
}

inline std::uint64_t address_of(const void* owned) noexcept {
  return std::bit_cast<std::uintptr_t>(owned);
}

}  // namespace kedge
