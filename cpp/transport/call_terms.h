// What every call is held to: who may make it, how many there may be, and how long it has.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "transport/desk.h"
#include "transport/permit.h"

namespace kedge {

// Why a call of a method is not taken on; without a reason its permit has begun.
std::optional<grpc::Status> refusal_of(Desk& desk, const grpc::ServerContext& context,
                                       std::string_view method, Permit& permit);

// Until the call's deadline, and since it came.
CallTime time_of(const grpc::ServerContext& context, std::chrono::steady_clock::time_point came);

// By which the caller says whose part the call is; empty unless calls are traced.
std::string_view traceparent_of(const Desk& desk, const grpc::ServerContext& context);

grpc::Status status_of(const Reply& reply);

}  // namespace kedge
