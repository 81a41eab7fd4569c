// NumPy arrays as batches: numbers in place where they lie as Arrow wants them, copied otherwise.
#pragma once

#include <nanobind/nanobind.h>

#include "kedge/arrow/batch.h"

namespace kedge {

// A 1-D array is one column without a name, a 2-D array one column "0", "1", .. for each of its
// own. NaT, and None among strings, become null. Throws Unsupported for other dtypes, by name.
Batches from_numpy(nanobind::handle array);

}  // namespace kedge
