#include "arrow_input.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

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

Batches from_stream(nb::handle object) {
  const nb::object capsule = object.attr("__arrow_c_stream__")();
  BatchReader reader(take<ArrowArrayStream>(capsule, "arrow_array_stream"));
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

// One column for each entry; its name is the key.
Batches from_dict(const nb::dict& columns) {
  Schema schema;
  Batch batch;
  auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  for (const auto& [key, value] : columns) {
    const auto name = nb::cast<std::string>(nb::str(key));
    Batches part = batches_from(value);
    if (part.schema->size() != 1 || part.batches.size() != 1) {
      throw invalid_argument("column \"", name, "\": ", part.schema->size(), " columns in ",
                             part.batches.size(), " chunks, one of each is wanted");
    }
    Batch& only = part.batches.front();
    if (!schema.empty() && only.length != batch.length) {
      throw invalid_argument("column \"", name, "\" has ", only.length, " rows, \"", schema[0].name,
                             "\" has ", batch.length);
    }
    batch.length = only.length;
    schema.push_back({name, only.field(0).type, true});
    batch.columns.push_back(only.columns.front());
    owners->push_back(only.owner);
  }
  batch.schema = std::make_shared<const Schema>(std::move(schema));
  batch.owner = std::move(owners);
  return {batch.schema, {batch}};
}

}  // namespace

Batches batches_from(nb::handle object) {
  if (nb::hasattr(object, "__arrow_c_stream__")) return from_stream(object);
  if (nb::hasattr(object, "__arrow_c_array__")) return from_array(object);
  if (nb::isinstance<nb::dict>(object)) return from_dict(nb::borrow<nb::dict>(object));
  if (nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object)) {
    return batches_from(nb::module_::import_("numpy").attr("asarray")(object));
  }
  if (nb::hasattr(object, "dtype") && PyObject_CheckBuffer(object.ptr())) {
    const auto kind = nb::cast<std::string>(object.attr("dtype").attr("kind"));
    if (kind == "M") return from_datetimes(object);
    if (std::string_view("biuf").find(kind[0]) == std::string_view::npos) {
      throw unsupported("a NumPy array of dtype ", dtype_of(object), " is not supported");
    }
    return from_numpy(object);
  }
  const nb::object type_name = object.type().attr("__name__");
  throw invalid_argument("expected Arrow data or a NumPy array, got ",
                         nb::cast<std::string>(type_name));
}

}  // namespace kedge
