// What the C data interface cannot show when a batch is imported: offsets, views and dictionary
// indices that point outside. Kernels that follow them call this first.
#pragma once

#include "kedge/arrow/batch.h"

namespace kedge {

// Throws InvalidArgument that names the column and the row. O(rows) for strings and dictionaries,
// nothing for the rest. What a null row holds is not looked at, but for the order of offsets.
void check_values(const Batch& batch);

}  // namespace kedge
