#include "kedge/serve/client_limit.h"

namespace kedge {

bool ClientLimit::enter(std::string_view client) {
  const std::lock_guard guard(lock_);
  const auto known = calls_.find(client);
  if (known == calls_.end()) return calls_.emplace(client, 1).second;
  if (known->second >= most_) return false;
  ++known->second;
  return true;
}

void ClientLimit::leave(std::string_view client) noexcept {
  const std::lock_guard guard(lock_);
  const auto known = calls_.find(client);
  if (known == calls_.end()) return;
  if (--known->second == 0) calls_.erase(known);
}

}  // namespace kedge
