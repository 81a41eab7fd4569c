// How a call ends: the codes of gRPC that this service uses, and the exception for what ErrorCode
// has no word for.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kedge/base/error.h"

namespace kedge {

// Numbers and names are gRPC's.
enum class StatusCode : std::uint8_t {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};
inline constexpr std::array kStatuses{
    StatusCode::kOk,
    StatusCode::kInvalidArgument,
    StatusCode::kDeadlineExceeded,
    StatusCode::kNotFound,
    StatusCode::kPermissionDenied,
    StatusCode::kResourceExhausted,
    StatusCode::kFailedPrecondition,
    StatusCode::kUnimplemented,
    StatusCode::kInternal,
    StatusCode::kUnavailable,
    StatusCode::kUnauthenticated,
};

// As gRPC spells it: "INVALID_ARGUMENT".
std::string_view status_name(StatusCode code) noexcept;

// What a request's Error means to its sender: bytes that are corrupt are the sender's own.
StatusCode status_of(ErrorCode code) noexcept;

// A call that is refused for another reason than ErrorCode knows.
class Refusal : public std::runtime_error {
 public:
  Refusal(StatusCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  StatusCode code() const noexcept { return code_; }

 private:
  StatusCode code_;
};

}  // namespace kedge
