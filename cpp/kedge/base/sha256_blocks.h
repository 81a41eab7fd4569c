// SHA-256's rounds over whole blocks, once for each instruction set that has its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kedge {

inline constexpr std::size_t kSha256Block = 64;
using Sha256State = std::array<std::uint32_t, 8>;
using Sha256Blocks = void (*)(std::uint32_t* state, const std::byte* bytes, std::size_t blocks);

extern const std::array<std::uint32_t, 64> kSha256Rounds;

void sha256_blocks_scalar(std::uint32_t* state, const std::byte* bytes,
                          std::size_t blocks) noexcept;
#if defined(__x86_64__)
// Only where sha256_blocks_best is it: the processor has SHA instructions.
void sha256_blocks_x86(std::uint32_t* state, const std::byte* bytes, std::size_t blocks) noexcept;
#endif
// What runs here, chosen once.
Sha256Blocks sha256_blocks_best() noexcept;

}  // namespace kedge
