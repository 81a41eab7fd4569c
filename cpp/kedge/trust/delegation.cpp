#include "kedge/trust/delegation.h"

#include <algorithm>

#include "kedge/base/bytes.h"
#include "kedge/base/hex.h"
#include "kedge/base/sha256.h"

namespace kedge::trust {
namespace {

std::vector<std::string> read_texts(Value list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) out.emplace_back(list[i].text());
  return out;
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view path) noexcept {
  std::size_t at = 0, in = 0;
  std::size_t star = std::string_view::npos,
              from = 0;  // the last `*`, and where what follows began
  while (in < path.size()) {
    const char wanted = at < pattern.size() ? pattern[at] : '\0';
    if (at < pattern.size() && wanted == '*') {
      star = at++;
      from = in;
    } else if (at < pattern.size() && (wanted == path[in] || (wanted == '?' && path[in] != '/'))) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos && path[from] != '/') {
      at = star + 1;
      in = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool DelegatedRole::covers(std::string_view path) const {
  if (prefixes.empty()) {
    return std::ranges::any_of(paths, [&](const auto& each) { return matches_path(each, path); });
  }
  Sha256 hash;
  hash.add(as_bytes(path));
  const std::string digits = hex_of(hash.finish());
  return std::ranges::any_of(prefixes, [&](const auto& each) { return digits.starts_with(each); });
}

DelegatedRole read_delegated_role(Value role) {
  DelegatedRole out;
  const Value name = role.at("name");
  out.name = name.text();
  for (const std::string_view taken : {"root", "timestamp", "snapshot", "targets"}) {
    if (out.name == taken) name.refuse("\"", taken, "\" is a role of the root");
  }
  out.signers = read_signers(role);
  out.is_terminating = role.at("terminating").boolean();
  const auto paths = role.find("paths");
  const auto prefixes = role.find("path_hash_prefixes");
  if (paths.has_value() == prefixes.has_value()) {
    role.refuse("expected either \"paths\" or \"path_hash_prefixes\"");
  }
  if (paths) out.paths = read_texts(*paths);
  if (prefixes) out.prefixes = read_texts(*prefixes);
  return out;
}

}  // namespace kedge::trust
