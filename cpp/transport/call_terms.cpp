#include "transport/call_terms.h"

#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kedge/base/text.h"

namespace kedge {
namespace {

std::string_view view_of(const grpc::string_ref& text) noexcept {
  return {text.data(), text.size()};
}

// Empty unless there is exactly one.
std::string_view metadata_of(const grpc::ServerContext& context, const char* key) {
  const auto [first, last] = context.client_metadata().equal_range(key);
  if (first == last || std::next(first) != last) return {};
  return view_of(first->second);
}

std::string_view authorization(const grpc::ServerContext& context) {
  return metadata_of(context, "authorization");
}

grpc::Status full(const std::string& why) { return {grpc::StatusCode::RESOURCE_EXHAUSTED, why}; }

// By its token if that was checked, else by its certificate, else by its address, whatever port it
// calls from.
std::string client_of(const grpc::ServerContext& context, bool has_token) {
  if (has_token) return std::string(authorization(context));
  const std::shared_ptr<const grpc::AuthContext> known = context.auth_context();
  if (known != nullptr && known->IsPeerAuthenticated()) {
    const std::vector<grpc::string_ref> names = known->GetPeerIdentity();
    if (!names.empty()) return std::string(view_of(names.front()));
  }
  std::string peer = context.peer();
  if (const std::size_t port = peer.rfind(':'); port != peer.npos) peer.resize(port);
  return peer;
}

}  // namespace

std::optional<grpc::Status> refusal_of(Desk& desk, const grpc::ServerContext& context,
                                       std::string_view method, Permit& permit) {
  bool has_token = false;
  if (const Published<std::optional<Tokens>>::Pin tokens(desk.tokens); *tokens) {
    has_token = true;
    const TokenScope scope = (*tokens)->scope(authorization(context));
    if (scope == TokenScope::kNone) {
      return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "a known bearer token is wanted");
    }
    if (!may_call(scope, method)) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                          text(method, " wants a token of scope ", scope_wanted(method)));
    }
  }
  if (!desk.admission.enter()) {
    return full(text(desk.admission.most(), " calls are answered or wait, the most there may be"));
  }
  if (!desk.of_client) {
    permit.begin(desk, {});
    return std::nullopt;
  }
  std::string client = client_of(context, has_token);
  if (desk.of_client->enter(client)) {
    permit.begin(desk, std::move(client));
    return std::nullopt;
  }
  desk.admission.refuse_client();
  return full(text(desk.of_client->most(), " calls of this client are answered or wait, the most ",
                   "one may have"));
}

CallTime time_of(const grpc::ServerContext& context, std::chrono::steady_clock::time_point came) {
  CallTime out;
  out.waited = std::chrono::steady_clock::now() - came;
  const gpr_timespec end = context.raw_deadline();
  if (gpr_time_cmp(end, gpr_inf_future(end.clock_type)) == 0) return out;
  const gpr_timespec left = gpr_time_sub(end, gpr_now(end.clock_type));
  constexpr std::chrono::seconds kYear = std::chrono::hours(24 * 365);
  if (left.tv_sec > kYear.count()) return out;  // for ever, and no count of nanoseconds overflows
  out.left = std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
  return out;
}

std::string_view traceparent_of(const Desk& desk, const grpc::ServerContext& context) {
  return desk.service.is_traced() ? metadata_of(context, "traceparent") : std::string_view();
}

grpc::Status status_of(const Reply& reply) {
  return {static_cast<grpc::StatusCode>(reply.code), reply.message};
}

}  // namespace kedge
