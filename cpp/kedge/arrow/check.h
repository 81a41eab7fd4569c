// What the C data interface cannot show when a batch is imported: offsets, views and dictionary
// indices that point outside. Kernels that follow them call this first.
#pragma once

#include "kedge/arrow/batch.h"

namespace kedge {

// Throws InvalidArgument that names the column and the row. O(rows) for strings and dictionaries,
// nothing for the rest. What a null row holds is not looked at, but for the order of offsets.
void check_values(const Batch& batch);

// The same for one column; the error names the row, the caller adds the column's name.
void check_column(const Column& column);

// Only the strings of a column, or of its dictionary: for who looks at every index while counting.
void check_strings(const Column& column);
// The error of an index outside of the dictionary: throws for the first such row, if there is one.
void check_indices(const Column& column);

}  // namespace kedge
