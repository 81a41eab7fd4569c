// HMAC-SHA-256 (RFC 2104): who knows a key shows it without saying it.
#pragma once

#include "kedge/base/sha256.h"

namespace kedge {

Sha256Sum hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) noexcept;

// Takes the same time wherever the two differ, so that a sum cannot be guessed byte by byte.
bool equal_sums(const Sha256Sum& a, const Sha256Sum& b) noexcept;

}  // namespace kedge
