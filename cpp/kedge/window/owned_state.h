// An object that a state owns through eight of its bytes: its address, or 0 for none yet.
#pragma once

#include <cstdint>
#include <cstring>

namespace kedge {

template <class Owned>
Owned* owned_at(std::uint64_t address) noexcept {
  Owned* owned = nullptr;
  std::memcpy(&owned, &address, sizeof owned);
  return owned;
}

inline std::uint64_t address_of(const void* owned) noexcept {
  std::uint64_t address = 0;
  std::memcpy(&address, &owned, sizeof owned);
  return address;
}

}  // namespace kedge
