#include "row_input.h"

#include "named_row.h"
#include "numpy_matrix.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {

bool is_row_list(nb::handle x) {
  return nb::isinstance<nb::list>(x) || nb::isinstance<nb::tuple>(x);
}

nb::object array_of(nb::handle rows) {
  return nb::module_::import_("numpy").attr("asarray")(rows, "float64");
}

RowInput::RowInput(const Model& model, nb::handle x) {
  if (is_numpy(x) || is_row_list(x)) {
    given_ = is_numpy(x) ? nb::borrow(x) : array_of(x);
    matrix_ = numpy_rows(given_, model.features(), keep_);
    rows_ = matrix_.count;
    return;
  }
  if (is_named_row(x)) {
    named_.resize(model.features());
    read_named_row(model, x, named_);
    matrix_ = rows_of(named_, named_.size());
    rows_ = 1;
    return;
  }
  table_ = batches_from(x);
  reader_.emplace(model.bundle().features, model.category_places(), *table_.schema);
  rows_ = row_count(table_);
}

}  // namespace kedge
