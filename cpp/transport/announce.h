// What a server says when it has started: where it listens, and what it serves.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "kedge/serve/repository.h"
#include "transport/serve_options.h"

namespace kedge {

// Lines for people, or one of JSON; as python/kedge/cli/serve.py has them.
std::string announcement(const ServeOptions& options, const std::string& place,
                         std::optional<int> metrics_port, std::span<const ModelStatus> models);

}  // namespace kedge
