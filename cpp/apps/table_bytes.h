// Every value of a table as bytes, nested columns too, which IPC streams here do not carry.
#pragma once

#include <cstddef>
#include <vector>

#include "kedge/arrow/batch.h"

namespace kedge {

// Equal exactly when names, types, metadata and values are: how the rows are cut into batches does
// not show. Not for dictionaries.
std::vector<std::byte> table_bytes(const Batches& table);

}  // namespace kedge
