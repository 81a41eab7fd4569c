#include "kedge/trust/fetch.h"

namespace kedge::trust {

std::optional<std::vector<std::byte>> Fetch::fetch_whole(const std::string& path,
                                                         std::size_t most) {
  std::vector<std::byte> whole;
  const bool is_there = fetch(path, most, [&](std::span<const std::byte> piece) {
    whole.insert(whole.end(), piece.begin(), piece.end());
  });
  if (!is_there) return std::nullopt;
  return whole;
}

}  // namespace kedge::trust
