#include "records_input.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include "arrow_input.h"
#include "kedge/base/error.h"
#include "kedge/records/type_text.h"

namespace nb = nanobind;

namespace kedge {
namespace {

std::string_view record_of(nb::handle record) {
  if (record.is_none()) return {};
  if (nb::isinstance<nb::bytes>(record)) {
    return {PyBytes_AsString(record.ptr()), static_cast<std::size_t>(PyBytes_Size(record.ptr()))};
  }
  if (!nb::isinstance<nb::str>(record)) {
    throw nb::type_error("a record is bytes, str or None");
  }
  Py_ssize_t size = 0;
  const char* const data = PyUnicode_AsUTF8AndSize(record.ptr(), &size);
  if (data == nullptr) throw nb::python_error();
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Schema record_schema_of(nb::handle schema) {
  if (nb::hasattr(schema, "__arrow_c_schema__")) return schema_from(schema);
  nb::dict types;
  if (!nb::try_cast(schema, types)) {
    throw nb::type_error("a schema has __arrow_c_schema__, or is a dict of types by column");
  }
  Schema fields;
  for (const auto& [name, type] : types) {
    fields.push_back(
        records::field_of_text(nb::cast<std::string>(name), nb::cast<std::string_view>(type)));
  }
  return fields;
}

RecordList::RecordList(nb::handle records) : kept(nb::tuple(nb::borrow<nb::object>(records))) {
  views.reserve(kept.size());
  for (const nb::handle record : kept) views.push_back(record_of(record));
}

}  // namespace kedge
