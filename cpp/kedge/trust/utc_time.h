// Times as TUF's metadata spell them: 2030-01-31T23:59:59Z.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kedge::trust {

// Seconds since 1970; none when it is spelled in another way or no such day exists.
std::optional<std::int64_t> read_utc(std::string_view text) noexcept;

std::string utc_text(std::int64_t seconds);

}  // namespace kedge::trust
