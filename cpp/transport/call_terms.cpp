#include "transport/call_terms.h"

#include <iterator>

#include "kedge/base/text.h"

namespace kedge {
namespace {

std::string_view view_of(const grpc::string_ref& text) noexcept {
  return {text.data(), text.size()};
}

// Empty unless there is exactly one.
std::string_view authorization(const grpc::ServerContext& context) {
  const auto [first, last] = context.client_metadata().equal_range("authorization");
  if (first == last || std::next(first) != last) return {};
  return view_of(first->second);
}

}  // namespace

std::optional<grpc::Status> refusal_of(Desk& desk, const grpc::ServerContext& context,
                                       std::string_view method) {
  if (const Published<std::optional<Tokens>>::Pin tokens(desk.tokens); *tokens) {
    const TokenScope scope = (*tokens)->scope(authorization(context));
    if (scope == TokenScope::kNone) {
      return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "a known bearer token is wanted");
    }
    if (!may_call(scope, method)) {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                          text(method, " wants a token of scope admin"));
    }
  }
  if (desk.admission.enter()) return std::nullopt;
  return grpc::Status(
      grpc::StatusCode::RESOURCE_EXHAUSTED,
      text(desk.admission.most(), " calls are answered or wait, the most there may be"));
}

std::chrono::nanoseconds left_of(const grpc::ServerContext& context) {
  const gpr_timespec end = context.raw_deadline();
  if (gpr_time_cmp(end, gpr_inf_future(end.clock_type)) == 0) return Service::kForever;
  const gpr_timespec left = gpr_time_sub(end, gpr_now(end.clock_type));
  return std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
}

grpc::Status status_of(const Reply& reply) {
  return {static_cast<grpc::StatusCode>(reply.code), reply.message};
}

}  // namespace kedge
