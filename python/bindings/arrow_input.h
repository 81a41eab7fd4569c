// Anything with Arrow's protocol methods, a NumPy array, or a dict or list of such, as batches.
#pragma once

#include <nanobind/nanobind.h>

#include <functional>

#include "kedge/arrow/batch.h"

namespace kedge {

// Zero copy for Arrow objects and contiguous NumPy columns; strided ones, bools and datetimes with
// NaT are copied. Throws Unsupported for what it does not know, by name.
Batches batches_from(nanobind::handle object);

// The same, one batch at a time: a stream longer than memory passes through.
void each_batch(nanobind::handle object, const std::function<void(const Batch&)>& use);

// The columns that anything with __arrow_c_schema__ describes.
Schema schema_from(nanobind::handle object);

}  // namespace kedge
