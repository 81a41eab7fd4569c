// SystemSharedMemoryStatus, -Register and -Unregister: a request's bytes in, a response's out.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/shared_regions.h"

namespace kedge {

// Of the region that is named, or of all. Refusal(kNotFound) that names it when there is none.
void write_region_status(const SharedRegions& regions, std::span<const std::byte> request,
                         ProtoWriter& out);
// Throws as SharedRegions::add does.
void register_region(SharedRegions& regions, std::span<const std::byte> request);
void unregister_region(SharedRegions& regions, std::span<const std::byte> request);

}  // namespace kedge
