#include "numpy_input.h"

#include <nanobind/stl/string.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace nb = nanobind;

namespace kedge {
namespace {

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
Batches from_buffer(nb::handle array) {
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
  const nb::object data = numpy.attr("datetime_data")(array.attr("dtype"));
  const auto unit = nb::cast<std::string>(data[0]);
  const std::string_view units[] = {"s", "ms", "us", "ns"};
  std::size_t rank = 0;
  while (rank < std::size(units) && units[rank] != unit) ++rank;
  if (rank == std::size(units) || nb::cast<int>(data[1]) != 1) {
    throw unsupported("a NumPy array of dtype ", dtype_of(array),
                      " is not supported; its unit must be s, ms, us or ns");
  }
  Batches batches = from_buffer(array.attr("view")("int64"));
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

// Python strings behind one another, as large_utf8 wants them.
struct Strings {
  std::vector<char> text;
  std::vector<std::int64_t> offsets = {0};
  Buffer validity;

  explicit Strings(std::size_t rows) : validity(bitmap_bytes(rows) + 1) {}

  void add(nb::handle item) {
    const std::size_t row = offsets.size() - 1;
    if (PyUnicode_Check(item.ptr())) {
      Py_ssize_t size = 0;
      const char* bytes = PyUnicode_AsUTF8AndSize(item.ptr(), &size);
      if (bytes == nullptr) throw nb::python_error();
      text.insert(text.end(), bytes, bytes + size);
      set_bit(validity.as<std::uint8_t>().data(), row);
    } else if (!item.is_none() && !is_nan(item)) {
      throw unsupported("row ", row, " of a NumPy array of objects is a ",
                        nb::cast<std::string>(item.type().attr("__name__")),
                        "; strings and None are taken, numbers with nulls as an Arrow array");
    }
    offsets.push_back(static_cast<std::int64_t>(text.size()));
  }

 private:
  static bool is_nan(nb::handle item) {
    return PyFloat_Check(item.ptr()) && std::isnan(PyFloat_AsDouble(item.ptr()));
  }
};

Batches from_strings(nb::handle array) {
  const auto rows = nb::cast<std::size_t>(array.attr("size"));
  if (nb::cast<int>(array.attr("ndim")) != 1) {
    throw invalid_argument("a NumPy array of strings has 1 dimension here, got ",
                           nb::cast<int>(array.attr("ndim")));
  }
  auto strings = std::make_shared<Strings>(rows);
  const nb::list items(array.attr("tolist")());
  for (nb::handle item : items) strings->add(item);
  Column column;
  column.type = TypeId::kLargeUtf8;
  column.length = rows;
  column.validity = strings->validity.as<std::uint8_t>().data();
  column.values = strings->offsets.data();
  column.text = strings->text.data();
  Type type;
  type.id = TypeId::kLargeUtf8;
  Batch batch;
  batch.schema = std::make_shared<const Schema>(Schema{{"", type, true}});
  batch.length = rows;
  batch.columns.push_back(std::move(column));
  batch.owner = std::move(strings);
  return {batch.schema, {batch}};
}

}  // namespace

Batches from_numpy(nb::handle array) {
  const auto kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  if (nb::hasattr(array, "mask")) {
    throw unsupported("a NumPy masked array is not supported; fill it, or pass an Arrow array");
  }
  if (kind == "U" || kind == "O" || kind == "T") return from_strings(array);
  const bool is_native = nb::cast<bool>(array.attr("dtype").attr("isnative"));
  if (std::string_view("biufM").find(kind[0]) == std::string_view::npos || !is_native) {
    throw unsupported("a NumPy array of dtype ", dtype_of(array), " is not supported");
  }
  return kind == "M" ? from_datetimes(array) : from_buffer(array);
}

}  // namespace kedge
