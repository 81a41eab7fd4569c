#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/arrow/check.h"
#include "kedge/arrow/export.h"
#include "kedge/arrow/ipc.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

template <class Struct>
nb::object to_capsule(Owned<Struct> owned, const char* name) {
  auto content = std::make_unique<Struct>();
  owned.move_to(*content);
  const auto destroy = [](PyObject* capsule) {
    auto* raw = static_cast<Struct*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (raw->release != nullptr) raw->release(raw);
    delete raw;
  };
  nb::object capsule = nb::steal(PyCapsule_New(content.get(), name, destroy));
  if (!capsule.is_valid()) throw nb::python_error();
  content.release();
  return capsule;
}

nb::object stream_capsule(const Batches& table, nb::handle) {
  return to_capsule(export_stream(table.schema, table.batches), "arrow_array_stream");
}

nb::object schema_capsule(const Batches& table) {
  return to_capsule(export_schema(*table.schema), "arrow_schema");
}

std::vector<std::string> column_names(const Batches& table) {
  std::vector<std::string> names;
  for (const Field& field : *table.schema) names.push_back(field.name);
  return names;
}

nb::object python_value(const Column& column, const Type& type, std::size_t row);

nb::object nested_value(const Column& column, const Type& type, std::size_t row) {
  if (type.id == TypeId::kLargeBinary) {
    const auto* ends = column.data<std::int64_t>() + row;
    return nb::bytes(column.text + ends[0], static_cast<std::size_t>(ends[1] - ends[0]));
  }
  if (type.id == TypeId::kStruct) {
    nb::dict values;
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      const Field& child = type.children[i];
      values[child.name.c_str()] = python_value(column.children[i], child.type, row);
    }
    return values;
  }
  nb::list values;
  const auto* ends = column.data<std::int32_t>() + row;
  for (std::int32_t i = ends[0]; i < ends[1]; ++i) {
    values.append(python_value(column.children.front(), type.children.front().type,
                               static_cast<std::size_t>(i)));
  }
  return values;
}

nb::object python_value(const Column& column, const Type& type, std::size_t row) {
  if (column.is_null(row)) return nb::none();
  if (column.dictionary) {
    double index;
    read_doubles(column, row, 1, &index);
    return python_value(*column.dictionary, *type.dictionary, static_cast<std::size_t>(index));
  }
  if (type.id >= TypeId::kStruct) return nested_value(column, type, row);
  if (is_string(column.type)) {
    const std::string_view value = column.string_at(row);
    return nb::str(value.data(), value.size());
  }
  if (column.type == TypeId::kUint64) return nb::int_(column.data<std::uint64_t>()[row]);
  if (value_bytes(column.type) == 8 && column.type != TypeId::kFloat64) {
    return nb::int_(column.data<std::int64_t>()[row]);
  }
  double value;
  read_doubles(column, row, 1, &value);
  if (column.type == TypeId::kBool) return nb::bool_(value != 0);
  if (is_integer(column.type) || column.type == TypeId::kDate32) {
    return nb::int_(static_cast<std::int64_t>(value));
  }
  return nb::float_(value);
}

nb::dict to_pydict(const Batches& table) {
  for (const Batch& batch : table.batches) check_values(batch);
  nb::dict columns;
  for (std::size_t i = 0; i < table.schema->size(); ++i) {
    const Field& field = (*table.schema)[i];
    if (field.type.id == TypeId::kStruct) {
      throw unsupported("column \"", field.name, "\": to_pydict takes no ", type_name(field.type));
    }
    nb::list values;
    for (const Batch& batch : table.batches) {
      for (std::size_t row = 0; row < batch.length; ++row) {
        values.append(python_value(batch.columns[i], field.type, row));
      }
    }
    columns[field.name.c_str()] = values;
  }
  return columns;
}

nb::bytes to_ipc(const Batches& table) {
  for (const Batch& batch : table.batches) check_values(batch);
  ByteWriter out;
  write_ipc(*table.schema, table.batches, out);
  return nb::bytes(out.view().data(), out.size());
}

Batches from_ipc(const nb::bytes& data) {
  const auto keep = [](PyObject* kept) {
    nb::gil_scoped_acquire gil;
    Py_DECREF(kept);
  };
  const std::shared_ptr<const void> owner(nb::bytes(data).release().ptr(), keep);
  return read_ipc({static_cast<const std::byte*>(data.data()), data.size()}, owner);
}

}  // namespace

void bind_arrow(nb::module_& m) {
  nb::class_<Batches>(m, "Table",
                      "Named columns in one or more batches, read and handed on as Arrow.")
      .def(
          "__init__",
          [](Batches* self, nb::handle data) {
            Batches batches = batches_from(data);
            for (const Field& field : *batches.schema) check_readable(field);
            new (self) Batches(std::move(batches));
          },
          "data"_a.none(),
          "From anything with an Arrow protocol method, a NumPy array, or a dict of such.")
      .def("__arrow_c_stream__", stream_capsule, "requested_schema"_a = nb::none(),
           "The batches as an Arrow C stream; nothing is copied.")
      .def("__arrow_c_schema__", schema_capsule, "The schema as an Arrow C schema.")
      .def_prop_ro("column_names", column_names, "The names of the columns, in order.")
      .def_prop_ro("num_rows", row_count, "How many rows there are in all batches.")
      .def("to_pydict", to_pydict, nb::sig("def to_pydict(self) -> dict[str, list[object]]"),
           "Lists of Python values by column name; times are integers in the column's unit.")
      .def("__getstate__", to_ipc, "A table is pickled as an IPC stream.")
      .def(
          "__setstate__",
          [](Batches& self, const nb::bytes& data) { new (&self) Batches(from_ipc(data)); },
          "data"_a, "Read it back.")
      .def("to_ipc", to_ipc, "The table as an Arrow IPC stream.")
      .def_static("from_ipc", from_ipc, "data"_a, "Read an Arrow IPC stream.");
  m.def(
      "row_count", [](nb::handle data) { return row_count(batches_from(data)); }, "data"_a.none(),
      "How many rows there are.");
}

}  // namespace kedge
