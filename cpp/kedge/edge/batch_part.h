// Views of some columns, or some rows, of a batch.
#pragma once

#include "kedge/arrow/batch.h"

namespace kedge::edge {

// The columns of `schema` in its order. Throws InvalidArgument when one is missing or of another
// type.
Batch columns_part(const Batch& batch, const Schema& schema);
// Rows from `first` on, `most` of them at most. No column is a struct or a list.
Batch rows_part(const Batch& batch, std::size_t first, std::size_t most);

}  // namespace kedge::edge
