// Struct columns opened: "a.b" is column b of struct a.
#pragma once

#include "kedge/arrow/batch.h"

namespace kedge {

// Only the outermost structs are opened. Shares the batch's memory.
Batch flatten(const Batch& batch);
Schema flatten(const Schema& schema);

}  // namespace kedge
