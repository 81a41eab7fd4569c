// One row as a dictionary of its values by name: {"age": 39, "city": "Oslo"}.
#pragma once

#include <nanobind/nanobind.h>

#include <span>

#include "kedge/score/model.h"

namespace kedge {

// A dictionary of columns is a table and no row.
bool is_named_row(nanobind::handle x) noexcept;

// A value for each feature, as a table's are read: None is NaN, a category's name its place. Throws
// InvalidArgument that lists names that are missing or too many, or names the value that does not
// fit.
void read_named_row(const Model& model, nanobind::handle row, std::span<double> out);

}  // namespace kedge
