// Model.predict, a plain method of Python's: read by nanobind, the arguments of a call with one row
// cost 30 ns more, of 340 in all.
#pragma once

#include <nanobind/nanobind.h>

namespace kedge {

// What the class must be made with to have it. Throws when Python has no memory left.
nanobind::type_slots predict_slots();

}  // namespace kedge
