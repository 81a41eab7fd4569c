// A definition of windows as a dict of plain Python values, and back.
#pragma once

#include <nanobind/nanobind.h>

#include "kedge/window/spec.h"

namespace kedge {

// Checked. Arguments that are absent have the value that WindowSpec gives them.
WindowSpec window_spec_of(const nanobind::dict& arguments);
// What window_spec_of makes an equal definition of; absent where nothing was chosen.
nanobind::dict definition_of(const WindowSpec& spec);

}  // namespace kedge
