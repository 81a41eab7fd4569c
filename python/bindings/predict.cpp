#include "predict.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/arrow/build.h"
#include "kedge/arrow/check.h"
#include "kedge/base/error.h"
#include "kedge/score/model.h"
#include "kedge/score/scratch.h"
#include "kedge/score/table_rows.h"
#include "named_row.h"
#include "numpy_matrix.h"
#include "row_input.h"

namespace nb = nanobind;

namespace kedge {
namespace {

// Rows times their work from which on other Python threads may run meanwhile: some microseconds.
constexpr std::size_t kLeastWork = 1024;

struct Arguments {
  nb::handle x;
  bool raw = false;
  nb::handle out = nb::handle();
  std::size_t threads = 1;
};

void score(const Model& model, const Rows& rows, void* out, const Arguments& given) {
  if (rows.count * model.row_work() < kLeastWork) return model.score(rows, out, given.raw);
  nb::gil_scoped_release release;
  model.score(rows, out, given.raw, given.threads);
}

nb::object predict_numpy(const Model& model, nb::handle x, const Arguments& given) {
  nb::object keep;
  const Rows rows = numpy_rows(x, model.features(), keep);
  void* data = nullptr;
  nb::object scores;
  if (given.out.is_valid()) {
    data = check_scores(given.out, rows, model.features(), model.outputs(), model.gives_float32());
    scores = nb::borrow(given.out);
  } else {
    scores = new_scores(rows.count, model.outputs(), model.gives_float32(), &data);
  }
  score(model, rows, data, given);
  return scores;
}

// The scores of a table, one column for each output.
Batch table_of(const Model& model, std::size_t rows, const std::vector<double>& scores) {
  BatchBuilder table;
  const std::size_t outputs = model.outputs();
  std::vector<double> column(rows);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t i = 0; i < rows; ++i) column[i] = scores[i * outputs + k];
    table.add(outputs == 1 ? "score" : text("score_", k), column);
  }
  return table.finish();
}

Batch predict_batch(const Model& model, const TableRows& reader, const Batch& batch,
                    const Arguments& given) {
  constexpr std::size_t kRowsAtOnce = 16'384;
  check_values(batch);
  std::vector<double> values;
  std::vector<double> scores(batch.length * model.outputs());
  std::vector<float> narrow(model.gives_float32() ? kRowsAtOnce * model.outputs() : 0);
  for (std::size_t first = 0; first < batch.length; first += kRowsAtOnce) {
    const std::size_t length = std::min(kRowsAtOnce, batch.length - first);
    const Rows rows = reader.read(batch, first, length, values);
    double* out = scores.data() + first * model.outputs();
    if (!model.gives_float32()) {
      score(model, rows, out, given);
    } else {
      score(model, rows, narrow.data(), given);
      std::copy_n(narrow.begin(), length * model.outputs(), out);
    }
  }
  return table_of(model, batch.length, scores);
}

Batches predict_table(const Model& model, const Arguments& given) {
  const Batches table = batches_from(given.x);
  const TableRows reader(model.bundle().features, model.category_places(), *table.schema);
  Batches scores{table_of(model, 0, {}).schema, {}};
  for (const Batch& batch : table.batches) {
    scores.batches.push_back(predict_batch(model, reader, batch, given));
    scores.batches.back().schema = scores.schema;
  }
  return scores;
}

nb::object predict_named(const Model& model, const Arguments& given) {
  struct Named;
  const std::span<double> values(scratch<double, Named>(model.features()), model.features());
  read_named_row(model, given.x, values);
  void* data = nullptr;
  nb::object scores = new_scores(1, model.outputs(), model.gives_float32(), &data);
  score(model, rows_of(values, values.size()), data, given);
  return scores;
}

nb::object predict(const Model& model, const Arguments& given) {
  if (is_numpy(given.x)) return predict_numpy(model, given.x, given);
  if (is_row_list(given.x)) return predict_numpy(model, array_of(given.x), given);
  if (given.out.is_valid()) throw invalid_argument("out: only with a NumPy array as input");
  if (is_named_row(given.x)) return predict_named(model, given);
  return nb::cast(predict_table(model, given));
}

enum Place : std::size_t { kX, kRaw, kOut, kThreads, kPlaces };

constexpr const char* kNames[kPlaces] = {"x", "raw", "out", "threads"};
PyObject* interned[kPlaces] = {};  // the very objects that a program's text names them by

std::size_t place_of(PyObject* name) {
  const auto* same = std::ranges::find(interned, name);
  if (same != std::end(interned)) return static_cast<std::size_t>(same - interned);
  const auto is_name = [&](const char* known) {
    return PyUnicode_CompareWithASCIIString(name, known) == 0;
  };
  return static_cast<std::size_t>(std::ranges::find_if(kNames, is_name) - kNames);
}

template <class... Parts>
[[noreturn]] void type_error(const Parts&... parts) {
  PyErr_SetString(PyExc_TypeError, text(parts...).c_str());
  throw nb::python_error();
}

std::string as_text(const nb::str& value) { return nb::cast<std::string>(value); }

// A whole number itself, of anything else its type.
std::string what_is(nb::handle value) {
  return as_text(PyLong_Check(value.ptr()) ? nb::repr(value) : nb::type_name(value.type()));
}

Arguments arguments_of(PyObject* const* values, std::size_t placed, PyObject* keywords) {
  if (placed > 1) type_error("predict() takes one argument by place, x, got ", placed);
  PyObject* given[kPlaces] = {placed == 1 ? values[0] : nullptr};
  const Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_Size(keywords);
  for (Py_ssize_t i = 0; i < named; ++i) {
    const nb::handle name = PyTuple_GetItem(keywords, i);
    const std::size_t place = place_of(name.ptr());
    if (place == kPlaces) type_error("predict() knows no argument ", as_text(nb::repr(name)));
    if (given[place] != nullptr) type_error("predict() got its argument ", kNames[place], " twice");
    given[place] = values[placed + static_cast<std::size_t>(i)];
  }
  if (given[kX] == nullptr) type_error("predict() misses its argument x, the rows");
  Arguments arguments{given[kX]};
  if (given[kRaw] == Py_True) {
    arguments.raw = true;
  } else if (given[kRaw] != nullptr && given[kRaw] != Py_False) {
    type_error("raw: expected True or False, got ", what_is(given[kRaw]));
  }
  if (given[kOut] != nullptr && given[kOut] != Py_None) arguments.out = given[kOut];
  if (given[kThreads] != nullptr && !nb::try_cast(nb::handle(given[kThreads]), arguments.threads)) {
    type_error("threads: expected a whole number, 0 or more, got ", what_is(given[kThreads]));
  }
  return arguments;
}

PyObject* predict_method(PyObject* self, PyObject* const* values, Py_ssize_t placed,
                         PyObject* keywords) noexcept {
  try {
    if (!nb::inst_ready(self)) type_error("predict(): this Model was never initialised");
    const Model& model = *nb::inst_ptr<Model>(self);
    // Shape and values lie apart: a row that no cache holds would be waited for twice.
    if (placed == 1) prefetch_row(values[0], model.features());
    const auto count = static_cast<std::size_t>(placed);
    return predict(model, arguments_of(values, count, keywords)).release().ptr();
  } catch (...) {
    return raise_caught();
  }
}

constexpr const char* kDoc =
    "predict($self, x, *, raw=False, out=None, threads=1)\n--\n\n"
    "What the trainer's predict gives, or with `raw` the scores before the link. NumPy in gives "
    "NumPy, columns by place; Arrow in gives an Arrow table, columns by name. A dictionary of one "
    "row's values by name gives NumPy.";

}  // namespace

nb::type_slots predict_slots() {
  for (std::size_t i = 0; i < kPlaces; ++i) {
    interned[i] = PyUnicode_InternFromString(kNames[i]);
    if (interned[i] == nullptr) throw nb::python_error();
  }
  static PyMethodDef methods[] = {
      {"predict", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(predict_method)),
       METH_FASTCALL | METH_KEYWORDS, kDoc},
      {nullptr, nullptr, 0, nullptr}};
  static const PyType_Slot slots[] = {{Py_tp_methods, methods}, {0, nullptr}};
  return nb::type_slots(slots);
}

}  // namespace kedge
