// Batches out through the C data interface: the consumer gets our pointers and a share of the
// owner.
#pragma once

#include <memory>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/arrow/owned.h"

namespace kedge {

// Throws Unsupported with the name of an opaque column.
OwnedSchema export_schema(const Schema& schema);

// A struct array with one child for each column; no buffer is copied.
OwnedArray export_batch(const Batch& batch);

// The batches in order. They must have `schema`.
OwnedStream export_stream(std::shared_ptr<const Schema> schema, std::vector<Batch> batches);

}  // namespace kedge
