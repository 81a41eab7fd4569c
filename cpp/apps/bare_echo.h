// What gRPC alone takes: a server that answers a request's own bytes, and may stall as a script
// says.
#pragma once

#include <chrono>
#include <string>

namespace kedge {

// Nobody is answered while it stalls: from the first call on, at the beginning of each period.
// Without a period it never does.
struct Stalls {
  std::chrono::nanoseconds period{0};
  std::chrono::nanoseconds length{0};
};

// Listens at a place as gRPC spells it, says it as JSON, and ends with its input. Throws
// InvalidArgument when the place is taken.
void serve_echo(const std::string& place, const Stalls& stalls);

}  // namespace kedge
