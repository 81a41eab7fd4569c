#include <nanobind/nanobind.h>
#include <nanobind/operators.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/expr/program.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

Program program_of(const Expression& expression, const Batches& table) {
  Program program(expression, *table.schema);
  for (const Batch& batch : table.batches) program.check(batch);
  return program;
}

// A table of one column, which has the expression's text as its name. A condition is false where it
// is null: its bit is 0 there.
Batches column_of(const Expression& expression, nb::handle data, bool is_condition) {
  const Batches table = batches_from(data);
  const nb::gil_scoped_release unlocked;
  const Program program = program_of(expression, table);
  if (is_condition) program.check_condition();
  const Field field{to_string(expression), program.type(), !is_condition};
  Batches out{std::make_shared<const Schema>(Schema{field}), {}};
  for (const Batch& batch : table.batches) {
    auto computed = std::make_shared<ComputedColumn>(program.evaluate(batch));
    if (is_condition) computed->column.validity = nullptr;
    out.batches.push_back({out.schema, batch.length, {computed->column}, computed});
  }
  return out;
}

Batches select(const Expression& expression, nb::handle data) {
  return column_of(expression, data, true);
}

Batches evaluate(const Expression& expression, nb::handle data) {
  return column_of(expression, data, false);
}

}  // namespace

void bind_expr(nb::module_& m) {
  nb::class_<Expression>(m, "Expression", "A condition or a computed column, as text.")
      .def(
          "__init__",
          [](Expression* self, std::string_view source) {
            new (self) Expression(parse_expression(source));
          },
          "source"_a, "Parse the text; see kedge.expr for the language.")
      .def_prop_ro("columns", &columns_of, "The columns that are read, in order.")
      .def("select", &select, "data"_a.none(),
           "Whether the condition is true, for each row: a table of one bool column.")
      .def("evaluate", &evaluate, "data"_a.none(),
           "The value in each row, null where there is none: a table of one column.")
      .def(
          "__str__", [](const Expression& self) { return to_string(self); }, "The canonical text.")
      .def(
          "__repr__",
          [](const Expression& self) {
            return nb::str("Expression({!r})").format(to_string(self));
          },
          "What makes the same expression.")
      .def(nb::self == nb::self, nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def(
          "__hash__", [](const Expression& self) { return nb::hash(nb::cast(to_string(self))); },
          "Equal for equal expressions.")
      .def(
          "__getstate__", [](const Expression& self) { return to_string(self); },
          "An expression is pickled as its text.")
      .def(
          "__setstate__",
          [](Expression& self, const std::string& text) {
            new (&self) Expression(parse_expression(text));
          },
          "text"_a, "Read it back.");
}

}  // namespace kedge
