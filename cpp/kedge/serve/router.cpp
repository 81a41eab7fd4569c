#include "kedge/serve/router.h"

#include <cstdint>
#include <memory>

#include "kedge/base/error.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::uint64_t kShadowSalt = 1;  // the two shares are drawn apart

void check_share(const Route& route, std::string_view name, double share) {
  if (share >= 0 && share <= 1) return;
  throw invalid_argument("route of \"", route.model, "\": ", name, " = ", share,
                         ", allowed are 0 to 1");
}

void check(const Route& route) {
  if (route.live.empty() || route.candidate.empty() || route.live == route.candidate) {
    throw invalid_argument("route of \"", route.model, "\": live = \"", route.live,
                           "\" and candidate = \"", route.candidate, "\" must be two versions");
  }
  check_share(route, "canary", route.canary);
  check_share(route, "shadow", route.shadow);
}

std::uint64_t draw_of(const InferRequest& request) {
  std::string_view key = text_parameter(request.parameters(), "sticky_key");
  if (key.empty()) key = request.id();
  // Salted by the model, so that not always the same callers are the first to try.
  if (!key.empty()) return mix_bits(hash_bytes(request.model_name()) ^ hash_bytes(key));
  thread_local std::uint64_t turn = mix_bits(thread_place());
  return mix_bits(++turn);
}

bool is_within(std::uint64_t draw, double share) noexcept {
  return static_cast<double>(draw >> 11U) * 0x1p-53 < share;
}

}  // namespace

Router::Router() : routes_(std::make_unique<const Routes>()) {}

void Router::set(const std::vector<Route>& routes) {
  auto next = std::make_unique<Routes>();
  for (const Route& route : routes) {
    check(route);
    if (!next->emplace(route.model, route).second) {
      throw invalid_argument("model \"", route.model, "\" has two routes");
    }
  }
  routes_.publish(std::move(next));
}

Router::Choice Router::choose(const Catalog& catalog, const InferRequest& request) const {
  const std::string_view name = request.model_name();
  if (!request.model_version().empty()) return {&catalog.find(name, request.model_version())};
  const Published<Routes>::Pin routes(routes_);
  const auto found = routes->find(name);
  if (found == routes->end()) return {&catalog.find(name, {})};
  const Route& route = found->second;
  const ServedModel* const candidate = catalog.look_up(route.model, route.candidate);
  if (candidate == nullptr) return {&catalog.find(name, route.live)};
  const std::uint64_t draw = draw_of(request);
  if (is_within(draw, route.canary)) return {candidate, nullptr, {route.outcomes, true}};
  const ServedModel& live = catalog.find(name, route.live);
  const bool is_compared = is_within(mix_bits(draw ^ kShadowSalt), route.shadow);
  return {&live, is_compared ? candidate : nullptr, {route.outcomes, false}};
}

std::string Router::live(std::string_view model) const {
  const Published<Routes>::Pin routes(routes_);
  const auto found = routes->find(model);
  return found == routes->end() ? std::string() : found->second.live;
}

}  // namespace kedge
