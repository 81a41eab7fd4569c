#include "kedge/edge/model_header.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/score/model.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {

void bind_model_header(nb::module_& m) {
  nb::class_<ModelHeader>(m, "ModelHeader", "A model as a C++ header of constant arrays.")
      .def_ro("text", &ModelHeader::text, "The header.")
      .def_ro("forest_bytes", &ModelHeader::forest_bytes, "Constants of the trees, in bytes.")
      .def_ro("column_bytes", &ModelHeader::column_bytes, "Constants of the cells, in bytes.")
      .def_ro("counter_bytes", &ModelHeader::counter_bytes,
              "Memory that counting rows takes, in bytes.")
      .def_ro("columns", &ModelHeader::columns, "The columns that are counted.")
      .def_ro("uncounted", &ModelHeader::uncounted,
              "Columns of the reference that are no numbers, or no feature.");
  m.def(
      "model_header",
      [](const Model& model, std::string_view name, bool rows_are_double) {
        return model_header(model.bundle(), {name, rows_are_double});
      },
      "model"_a, nb::kw_only(), "name"_a, "rows_are_double"_a = false,
      "Trees and the reference's cells as constants, in a namespace of that name.");
}

}  // namespace kedge
