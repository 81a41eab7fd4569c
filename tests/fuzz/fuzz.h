// What every fuzz target shares: any bytes may come, only a kedge::Error may come out.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>

#include "kedge/base/error.h"

namespace kedge {

inline std::span<const std::byte> fuzz_bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

inline void fuzz_check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace kedge
