// Where a server is to listen, as the system sees it: gRPC says that it cannot, not why.
#pragma once

#include <string>

#include "transport/serve_options.h"

namespace kedge {

// Whether a server is there already. gRPC would take the socket's name from it.
bool is_answered(const std::string& unix_path);

// Why nobody can listen there, in the system's words; empty when somebody could.
std::string why_not_listen(const ServeOptions& options);

}  // namespace kedge
