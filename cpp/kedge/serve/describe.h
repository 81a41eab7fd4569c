// What is said about models: their tensors, and how they have been asked.
#pragma once

#include <string_view>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/repository.h"

namespace kedge {

// Which models a request is about; the latest version when there is none.
struct ModelQuestion {
  std::string_view name;
  std::string version;
};

// A ModelMetadataResponse. Throws Refusal(kNotFound) as Catalog::find does, which all of these ask.
void write_metadata(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out);

// A ModelConfigResponse. Rows are its batches, so that shapes are without them, and outputs that
// have no rows are not in it.
void write_configuration(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out);

// A ModelStatisticsResponse, of one version or, without a name, of all models that are served.
void write_statistics(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out);

}  // namespace kedge
