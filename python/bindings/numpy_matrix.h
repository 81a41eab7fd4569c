// NumPy arrays through NumPy's own C interface, where a call must not cost more than a model.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>

#include "kedge/score/rows.h"

namespace kedge {

// Loads NumPy's table of functions; before anything else here.
void load_numpy();

bool is_numpy(nanobind::handle object) noexcept;

// Sends for the shape and the first row of what may be an array, without waiting for either.
void prefetch_row(nanobind::handle object, std::size_t columns) noexcept;

// A 2-D array of `columns` columns. float32 and float64 are read where they lie, other numbers
// become a float64 copy that `keep` holds. Throws InvalidArgument that names the shape or dtype.
Rows numpy_rows(nanobind::handle array, std::size_t columns, nanobind::object& keep);

// A new array of `rows` scores, or of rows x outputs when there are several outputs.
nanobind::object new_scores(std::size_t rows, std::size_t outputs, bool is_float32, void** data);

// A new float64 array of rows x columns.
nanobind::object new_matrix(std::size_t rows, std::size_t columns, void** data);

// A new array of whole numbers, rows x columns.
nanobind::object new_places(std::size_t rows, std::size_t columns, std::int64_t** data);

// `array` as the place for the scores of `rows`. Throws InvalidArgument when it is not such an
// array that can be written and lies in one piece, apart from the rows.
void* check_scores(nanobind::handle array, const Rows& rows, std::size_t columns,
                   std::size_t outputs, bool is_float32);

}  // namespace kedge
