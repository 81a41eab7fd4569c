#include "arrow_input.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace nb = nanobind;

namespace kedge {
namespace {

template <class Struct>
Owned<Struct> take(nb::handle capsule, const char* name) {
  auto* raw = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (raw == nullptr) throw nb::python_error();
  return Owned<Struct>(*raw);
}

BatchReader open_stream(nb::handle object) {
  const nb::object capsule = object.attr("__arrow_c_stream__")();
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

struct PyBuffer {
  Py_buffer view{};
  explicit PyBuffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
      throw nb::python_error();
    }
  }
  PyBuffer(const PyBuffer&) = delete;
  PyBuffer& operator=(const PyBuffer&) = delete;
  ~PyBuffer() {
    nb::gil_scoped_acquire gil;
    PyBuffer_Release(&view);
  }
};

std::optional<TypeId> type_of(std::string_view format, Py_ssize_t size) {
  if (format.size() == 2 && (format[0] == '<' || format[0] == '=')) format.remove_prefix(1);
  if (format.size() != 1) return std::nullopt;
  switch (format[0]) {
    case '?':
      return TypeId::kBool;
    case 'e':
      return TypeId::kFloat16;
    case 'f':
      return TypeId::kFloat32;
    case 'd':
      return TypeId::kFloat64;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
      return size == 1   ? TypeId::kInt8
             : size == 2 ? TypeId::kInt16
             : size == 4 ? TypeId::kInt32
                         : TypeId::kInt64;
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
      return size == 1   ? TypeId::kUint8
             : size == 2 ? TypeId::kUint16
             : size == 4 ? TypeId::kUint32
                         : TypeId::kUint64;
    default:
      return std::nullopt;
  }
}

struct Memory {
  std::shared_ptr<PyBuffer> source;
  std::vector<Buffer> copies;
};

Column numpy_column(TypeId type, const char* start, Py_ssize_t stride, std::size_t rows,
                    Memory& memory) {
  Column column;
  column.type = type;
  column.length = rows;
  const auto size = static_cast<Py_ssize_t>(type == TypeId::kBool ? 1 : value_bytes(type));
  if (type == TypeId::kBool) {
    auto bits = memory.copies.emplace_back(bitmap_bytes(rows) + 1).as<std::uint8_t>();
    for (std::size_t i = 0; i < rows; ++i) {
      if (start[static_cast<Py_ssize_t>(i) * stride] != 0) set_bit(bits.data(), i);
    }
    column.values = bits.data();
    return column;
  }
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(start) % static_cast<std::size_t>(size) == 0;
  if ((stride == size || rows == 1) && aligned) {
    column.values = start;
    return column;
  }
  auto copy = memory.copies.emplace_back((rows + 1) * static_cast<std::size_t>(size)).as<char>();
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = static_cast<Py_ssize_t>(i);
    std::memcpy(copy.data() + row * size, start + row * stride, static_cast<std::size_t>(size));
  }
  column.values = copy.data();
  return column;
}

std::string dtype_of(nb::handle array) {
  const nb::object dtype = array.attr("dtype");
  return nb::cast<std::string>(nb::str(dtype));
}

// A 1-D array is one column without a name, a 2-D array one column "0", "1", .. for each of its
// own.
Batches from_numpy(nb::handle array) {
  auto memory = std::make_shared<Memory>();
  memory->source = std::make_shared<PyBuffer>(array);
  const Py_buffer& view = memory->source->view;
  const auto type = type_of(view.format == nullptr ? "B" : view.format, view.itemsize);
  if (!type) throw unsupported("a NumPy array of dtype ", dtype_of(array), " is not supported");
  if (view.ndim != 1 && view.ndim != 2) {
    throw invalid_argument("a NumPy array has 1 or 2 dimensions here, got ", view.ndim);
  }
  const auto rows = static_cast<std::size_t>(view.shape[0]);
  const Py_ssize_t columns = view.ndim == 2 ? view.shape[1] : 1;
  Schema schema;
  Batch batch;
  batch.length = rows;
  for (Py_ssize_t i = 0; i < columns; ++i) {
    Type full;
    full.id = *type;
    schema.push_back({view.ndim == 2 ? text(i) : "", full, true});
    const char* start =
        static_cast<const char*>(view.buf) + (view.ndim == 2 ? i * view.strides[1] : 0);
    batch.columns.push_back(numpy_column(*type, start, view.strides[0], rows, *memory));
  }
  batch.schema = std::make_shared<const Schema>(std::move(schema));
  batch.owner = std::move(memory);
  return {batch.schema, {batch}};
}

// datetime64: the same integers, and NaT becomes null.
Batches from_datetimes(nb::handle array) {
  nb::module_ numpy = nb::module_::import_("numpy");
  const auto unit = nb::cast<std::string>(numpy.attr("datetime_data")(array.attr("dtype"))[0]);
  const std::string_view units[] = {"s", "ms", "us", "ns"};
  std::size_t rank = 0;
  while (rank < std::size(units) && units[rank] != unit) ++rank;
  if (rank == std::size(units)) {
    throw unsupported("a NumPy array of dtype ", dtype_of(array),
                      " is not supported; its unit must be s, ms, us or ns");
  }
  Batches batches = from_numpy(array.attr("view")("int64"));
  Batch& batch = batches.batches.front();
  Schema schema = *batches.schema;
  auto bitmaps = std::make_shared<std::pair<std::shared_ptr<const void>, std::vector<Buffer>>>();
  for (std::size_t i = 0; i < schema.size(); ++i) {
    schema[i].type.id = TypeId::kTimestamp;
    schema[i].type.unit = static_cast<TimeUnit>(rank);
    Column& column = batch.columns[i];
    column.type = TypeId::kTimestamp;
    auto bits = bitmaps->second.emplace_back(bitmap_bytes(batch.length) + 1).as<std::uint8_t>();
    for (std::size_t row = 0; row < batch.length; ++row) {
      constexpr auto kNaT = std::numeric_limits<std::int64_t>::min();
      if (column.data<std::int64_t>()[row] != kNaT) set_bit(bits.data(), row);
    }
    column.validity = bits.data();
  }
  bitmaps->first = batch.owner;
  batch.owner = std::move(bitmaps);
  batch.schema = batches.schema = std::make_shared<const Schema>(std::move(schema));
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
  if (nb::hasattr(object, "__arrow_c_stream__")) return from_stream(object);
  if (nb::hasattr(object, "__arrow_c_array__")) return from_array(object);
  if (nb::isinstance<nb::dict>(object)) return from_dict(nb::borrow<nb::dict>(object));
  if (nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object)) {
    return batches_from(nb::module_::import_("numpy").attr("asarray")(object));
  }
  if (nb::hasattr(object, "dtype") && PyObject_CheckBuffer(object.ptr())) {
    const auto kind = nb::cast<std::string>(object.attr("dtype").attr("kind"));
    const bool native = nb::cast<bool>(object.attr("dtype").attr("isnative"));
    if (nb::hasattr(object, "mask")) {
      throw unsupported("a NumPy masked array is not supported; fill it, or pass an Arrow array");
    }
    if (std::string_view("biufM").find(kind[0]) == std::string_view::npos || !native) {
      throw unsupported("a NumPy array of dtype ", dtype_of(object), " is not supported");
    }
    return kind == "M" ? from_datetimes(object) : from_numpy(object);
  }
  const nb::object type_name = object.type().attr("__name__");
  throw invalid_argument("expected Arrow data, a NumPy array, or a dict or list of such, got ",
                         nb::cast<std::string>(type_name));
}

}  // namespace kedge
