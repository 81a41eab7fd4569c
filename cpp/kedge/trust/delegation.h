// Which files a role leaves to another one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/document.h"
#include "kedge/trust/public_key.h"

namespace kedge::trust {

struct DelegatedRole {
  std::string name;
  Signers signers;
  bool is_terminating = false;
  std::vector<std::string> paths;     // patterns
  std::vector<std::string> prefixes;  // of the hexadecimal SHA-256 of a path

  bool covers(std::string_view path) const;
};

// Throws CorruptData with the path of what is missing or wrong.
DelegatedRole read_delegated_role(Value role);

// Whether the pattern stands for the path: `*` for any bytes and `?` for one, but for slashes.
bool matches_path(std::string_view pattern, std::string_view path) noexcept;

}  // namespace kedge::trust
