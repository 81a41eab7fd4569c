// Ed25519 signatures (RFC 8032) held against public keys; it signs nothing and knows no secret.
//
// Strict: a signature has one spelling, and a key or point that many would fit is refused. So S is
// below the group's order, the key is a point spelled as RFC 8032 spells it and of no small order,
// and R is compared byte by byte.
#pragma once

#include <cstddef>
#include <span>

namespace kedge {

inline constexpr std::size_t kEd25519KeyBytes = 32;
inline constexpr std::size_t kEd25519SignatureBytes = 64;

bool verify_ed25519(std::span<const std::byte, kEd25519KeyBytes> key,
                    std::span<const std::byte> message,
                    std::span<const std::byte, kEd25519SignatureBytes> signature) noexcept;

}  // namespace kedge
