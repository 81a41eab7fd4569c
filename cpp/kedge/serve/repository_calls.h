// RepositoryIndex, and what RepositoryModelLoad and -Unload name: a request's bytes in.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/repository.h"

namespace kedge {

// A RepositoryIndexResponse.
void write_index(const Catalog& catalog, std::span<const std::byte> request, ProtoWriter& out);
// A view into the request.
std::string_view model_to_change(std::span<const std::byte> request);

}  // namespace kedge
