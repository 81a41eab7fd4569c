#include "arrow_input.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <algorithm>

#include "kedge/base/error.h"
#include "numpy_input.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

template <class Struct>
Owned<Struct> take(nb::handle capsule, const char* name) {
  auto* raw = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (raw == nullptr) throw nb::python_error();
  return Owned<Struct>(*raw);
}

// pandas hands an index without a name on as columns; a filter or a shuffle makes such an index.
nb::object without_index(nb::handle object) {
  const auto module = nb::cast<std::string>(nb::str(object.type().attr("__module__")));
  if (!module.starts_with("pandas") || !nb::hasattr(object, "columns")) return nb::borrow(object);
  for (const nb::handle name : nb::list(object.attr("index").attr("names"))) {
    if (!name.is_none()) return nb::borrow(object);
  }
  return object.attr("reset_index")("drop"_a = true);
}

BatchReader open_stream(nb::handle object) {
  const nb::object capsule = without_index(object).attr("__arrow_c_stream__")();
  return BatchReader(take<ArrowArrayStream>(capsule, "arrow_array_stream"));
}

Batches from_stream(nb::handle object) {
  BatchReader reader = open_stream(object);
  Batches batches{reader.schema(), {}};
  while (auto batch = reader.next()) batches.batches.push_back(std::move(*batch));
  return batches;
}

Batches from_array(nb::handle object) {
  const nb::object pair = object.attr("__arrow_c_array__")();
  const nb::object schema_capsule = pair[0];
  const nb::object array_capsule = pair[1];
  const OwnedSchema schema = take<ArrowSchema>(schema_capsule, "arrow_schema");
  Batches batches{import_schema(*schema), {}};
  batches.batches.push_back(
      import_batch(batches.schema, take<ArrowArray>(array_capsule, "arrow_array")));
  return batches;
}

// One entry of a dict: one column, in one or more chunks.
Batches from_entry(const std::string& name, nb::handle value) {
  try {
    Batches part = batches_from(value);
    if (part.schema->size() == 1) return part;
    throw invalid_argument("has ", part.schema->size(), " columns, one is wanted");
  } catch (const Error& error) {
    throw Error(error.code(), text("column \"", name, "\": ", error.what()));
  }
}

// Rows of one column, counted down chunk by chunk.
struct Chunks {
  const Batches& table;
  std::size_t at = 0;
  std::size_t used = 0;  // rows of the chunk `at` that were handed out

  std::size_t left() {
    while (used == table.batches[at].length) {
      ++at;
      used = 0;
    }
    return table.batches[at].length - used;
  }
  Column take(std::size_t rows) {
    Column column = table.batches[at].columns.front();
    column.offset += used;
    column.length = rows;
    used += rows;
    return column;
  }
};

// One column for each entry; its name is the key. Chunks of different columns may end at different
// rows: a batch ends wherever one does.
Batches from_dict(const nb::dict& entries) {
  Schema schema;
  auto parts = std::make_shared<std::vector<Batches>>();
  for (const auto& [key, value] : entries) {
    const nb::str key_text(key);
    const auto name = nb::cast<std::string>(key_text);
    const Batches& part = parts->emplace_back(from_entry(name, value));
    if (row_count(part) != row_count(parts->front())) {
      throw invalid_argument("column \"", name, "\" has ", row_count(part), " rows, \"",
                             schema[0].name, "\" has ", row_count(parts->front()));
    }
    schema.push_back({name, part.schema->front().type, true});
  }
  Batches table{std::make_shared<const Schema>(std::move(schema)), {}};
  std::vector<Chunks> columns;
  for (const Batches& part : *parts) columns.push_back({part});
  std::size_t rest = parts->empty() ? 0 : row_count(parts->front());
  while (rest > 0) {
    Batch batch;
    batch.schema = table.schema;
    batch.owner = parts;
    batch.length = rest;
    for (Chunks& column : columns) batch.length = std::min(batch.length, column.left());
    for (Chunks& column : columns) batch.columns.push_back(column.take(batch.length));
    rest -= batch.length;
    table.batches.push_back(std::move(batch));
  }
  return table;
}

}  // namespace

void each_batch(nb::handle object, const std::function<void(const Batch&)>& use) {
  if (!nb::hasattr(object, "__arrow_c_stream__")) {
    for (const Batch& batch : batches_from(object).batches) use(batch);
    return;
  }
  BatchReader reader = open_stream(object);
  while (const auto batch = reader.next()) use(*batch);
}

Batches batches_from(nb::handle object) {
  const bool is_stream = nb::hasattr(object, "__arrow_c_stream__");
  if (nb::hasattr(object, "__arrow_c_array__")) {
    // A batch that is both is read in a third of the time as an array; one of several chunks is a
    // stream, which its own refusal says.
    try {
      return from_array(object);
    } catch (const nb::python_error&) {
      if (!is_stream) throw;
    }
  }
  if (is_stream) return from_stream(object);
  if (nb::isinstance<nb::dict>(object)) return from_dict(nb::borrow<nb::dict>(object));
  if (nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object)) {
    return batches_from(nb::module_::import_("numpy").attr("asarray")(object));
  }
  if (nb::hasattr(object, "dtype") && nb::hasattr(object, "ndim")) return from_numpy(object);
  const nb::object type_name = object.type().attr("__name__");
  throw invalid_argument("expected Arrow data, a NumPy array, or a dict or list of such, got ",
                         nb::cast<std::string>(type_name));
}

Schema schema_from(nb::handle object) {
  const nb::object capsule = object.attr("__arrow_c_schema__")();
  const OwnedSchema schema = take<ArrowSchema>(capsule, "arrow_schema");
  return *import_schema(*schema);
}

}  // namespace kedge
