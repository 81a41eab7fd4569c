// What every call is held to: who may make it, how many there may be, and how long it has.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "transport/desk.h"

namespace kedge {

// Why a call of a method is not taken on; without a reason it has entered desk.admission, which it
// must leave.
std::optional<grpc::Status> refusal_of(Desk& desk, const grpc::ServerContext& context,
                                       std::string_view method);

// Until the call's deadline.
std::chrono::nanoseconds left_of(const grpc::ServerContext& context);

grpc::Status status_of(const Reply& reply);

}  // namespace kedge
