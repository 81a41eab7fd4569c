// The golden root and packages, for tests that make a board of them.
#pragma once

#include <string>
#include <vector>

#include "kedge/base/file.h"

namespace kedge::test {

// Of 2030-01-01, when what is in them holds.
inline constexpr std::int64_t kUpdateTime = 1'893'456'000;

inline std::string update_path(const std::string& name) {
  return KEDGE_GOLDEN "/update/v1/" + name;
}
inline std::vector<std::byte> update_bytes(const std::string& name) {
  const MappedFile file = read_file(update_path(name));
  return {file.bytes.begin(), file.bytes.end()};
}

}  // namespace kedge::test
