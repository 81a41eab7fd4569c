#include "numpy_matrix.h"

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include <nanobind/stl/string.h>

#include <algorithm>
#include <string>

#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace nb = nanobind;

namespace kedge {
namespace {

PyArrayObject* as_array(nb::handle object) {
  return reinterpret_cast<PyArrayObject*>(object.ptr());
}

std::string shape_of(PyArrayObject* array) {
  std::string shape = "(";
  for (int i = 0; i < PyArray_NDIM(array); ++i) {
    shape += text(i == 0 ? "" : ", ", static_cast<std::int64_t>(PyArray_DIM(array, i)));
  }
  return shape + (PyArray_NDIM(array) == 1 ? ",)" : ")");
}

std::string dtype_of(nb::handle array) {
  const nb::object dtype = array.attr("dtype");
  return nb::cast<std::string>(nb::str(dtype));
}

nb::object as_float64(nb::handle array) {
  const std::string kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  if (std::string_view("biuf").find(kind[0]) == std::string_view::npos) {
    throw invalid_argument("expected numbers, got a NumPy array of dtype ", dtype_of(array));
  }
  return array.attr("astype")("float64");
}

nb::object new_array(int dimensions, std::size_t rows, std::size_t columns, int type, void** data) {
  const npy_intp shape[] = {static_cast<npy_intp>(rows), static_cast<npy_intp>(columns)};
  PyObject* array = PyArray_SimpleNew(dimensions, shape, type);
  if (array == nullptr) throw nb::python_error();
  *data = PyArray_DATA(reinterpret_cast<PyArrayObject*>(array));
  return nb::steal(array);
}

// Whether the two lie within each other's bounds.
bool overlaps(const Rows& rows, std::size_t columns, PyArrayObject* array) {
  if (rows.count == 0 || columns == 0) return false;
  auto first = reinterpret_cast<std::intptr_t>(rows.data);
  std::intptr_t end = first + (rows.is_float32 ? sizeof(float) : sizeof(double));
  const auto reach = [&](std::ptrdiff_t stride, std::size_t count) {
    const std::ptrdiff_t distance = stride * static_cast<std::ptrdiff_t>(count - 1);
    (distance < 0 ? first : end) += distance;
  };
  reach(rows.row_stride, rows.count);
  reach(rows.column_stride, columns);
  const auto data = reinterpret_cast<std::intptr_t>(PyArray_DATA(array));
  return data < end && first < data + PyArray_NBYTES(array);
}

}  // namespace

void load_numpy() {
  if (PyArray_ImportNumPyAPI() < 0) throw nb::python_error();
}

bool is_numpy(nb::handle object) noexcept { return PyArray_Check(object.ptr()); }

void prefetch_row(nb::handle object, std::size_t columns) noexcept {
  constexpr std::size_t kMost = 16 * kCacheLine;  // about as much as a core can have on its way
  if (!is_numpy(object)) return;
  PyArrayObject* array = as_array(object);
  __builtin_prefetch(PyArray_DIMS(array));
  const auto size = static_cast<std::size_t>(PyArray_ITEMSIZE(array));
  const std::size_t end = std::min(columns * size + kCacheLine, kMost);
  for (std::size_t i = 0; i < end; i += kCacheLine) __builtin_prefetch(PyArray_BYTES(array) + i);
}

Rows numpy_rows(nb::handle object, std::size_t columns, nb::object& keep) {
  PyArrayObject* array = as_array(object);
  if (!PyArray_CheckExact(object.ptr()) && nb::hasattr(object, "mask")) {
    throw unsupported("a NumPy masked array is not supported; x.filled(numpy.nan) has NaN there");
  }
  const int type = PyArray_TYPE(array);
  if ((type != NPY_DOUBLE && type != NPY_FLOAT) || PyArray_ISBYTESWAPPED(array)) {
    keep = as_float64(object);
    array = as_array(keep);
  }
  if (PyArray_NDIM(array) != 2 || static_cast<std::size_t>(PyArray_DIM(array, 1)) != columns) {
    const bool is_row = PyArray_NDIM(array) == 1;
    throw invalid_argument("expected rows of ", columns, " features, got an array of shape ",
                           shape_of(array), is_row ? "; x[None, :] makes a row of it" : "");
  }
  Rows rows;
  rows.data = reinterpret_cast<const std::byte*>(PyArray_BYTES(array));
  rows.count = static_cast<std::size_t>(PyArray_DIM(array, 0));
  rows.row_stride = PyArray_STRIDE(array, 0);
  rows.column_stride = PyArray_STRIDE(array, 1);
  rows.is_float32 = PyArray_TYPE(array) == NPY_FLOAT;
  return rows;
}

nb::object new_scores(std::size_t rows, std::size_t outputs, bool is_float32, void** data) {
  return new_array(outputs == 1 ? 1 : 2, rows, outputs, is_float32 ? NPY_FLOAT : NPY_DOUBLE, data);
}

nb::object new_matrix(std::size_t rows, std::size_t columns, void** data) {
  return new_array(2, rows, columns, NPY_DOUBLE, data);
}

nb::object new_places(std::size_t rows, std::size_t columns, std::int64_t** data) {
  void* places = nullptr;
  nb::object array = new_array(2, rows, columns, NPY_INT64, &places);
  *data = static_cast<std::int64_t*>(places);
  return array;
}

void* check_scores(nb::handle object, const Rows& input, std::size_t columns, std::size_t outputs,
                   bool is_float32) {
  if (!is_numpy(object)) throw invalid_argument("out: expected a NumPy array");
  PyArrayObject* array = as_array(object);
  const auto dim = [&](int i) { return static_cast<std::size_t>(PyArray_DIM(array, i)); };
  const std::size_t rows = input.count;
  const bool fits = outputs == 1 ? PyArray_NDIM(array) == 1 && dim(0) == rows
                                 : PyArray_NDIM(array) == 2 && dim(0) == rows && dim(1) == outputs;
  const bool is_type = PyArray_TYPE(array) == (is_float32 ? NPY_FLOAT : NPY_DOUBLE);
  if (!fits || !is_type || !PyArray_ISCARRAY(array)) {
    throw invalid_argument("out: expected a writable C-contiguous array of ",
                           is_float32 ? "float32" : "float64", ", shape (", rows,
                           outputs == 1 ? "," : text(", ", outputs), "), got ", dtype_of(object),
                           " of shape ", shape_of(array));
  }
  if (overlaps(input, columns, array)) {
    throw invalid_argument("out: shares memory with the rows, which are read while it is written");
  }
  return PyArray_DATA(array);
}

}  // namespace kedge
