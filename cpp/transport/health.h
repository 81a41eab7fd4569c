// grpc.health.v1: what probes and balancers ask; without a token, as it tells nothing else.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace kedge {

inline constexpr std::string_view kHealthCheck = "/grpc.health.v1.Health/Check";
inline constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";

enum class HealthState : std::uint8_t { kNone, kServing = 1, kNotServing = 2, kUnknown = 3 };

// Any number of threads.
class Health {
 public:
  void stop() noexcept { is_serving_ = false; }
  bool is_serving() const noexcept { return is_serving_; }
  // What a HealthCheckRequest asks for. Throws CorruptData when it is none.
  HealthState state(std::span<const std::byte> request) const;

 private:
  std::atomic<bool> is_serving_ = true;
};

}  // namespace kedge
