// A Forest from arrays: how objects of Python libraries come in.
#pragma once

#include <nanobind/nanobind.h>

#include "kedge/model/trees.h"

namespace kedge {

void bind_forest_parts(nanobind::class_<Forest>& bound);

}  // namespace kedge
