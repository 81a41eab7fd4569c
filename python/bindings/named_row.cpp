#include "named_row.h"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/score/match_features.h"

namespace nb = nanobind;

namespace kedge {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

bool is_scalar(PyObject* value) noexcept {
  return value == Py_None || PyUnicode_Check(value) != 0 ||
         (PyNumber_Check(value) != 0 && PySequence_Check(value) == 0);
}

std::string_view text_of(PyObject* value) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(value, &size);
  if (data == nullptr) throw nb::python_error();
  return {data, static_cast<std::size_t>(size)};
}

std::string_view name_of(PyObject* key) {
  if (PyUnicode_Check(key) == 0) {
    throw invalid_argument("row: a name is ", nb::repr(key).c_str(), ", expected text");
  }
  return text_of(key);
}

// Most rows bring their values in the order of the features.
std::size_t place_of(std::span<const Feature> features, std::string_view name,
                     std::size_t expected) noexcept {
  if (expected < features.size() && features[expected].name == name) return expected;
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (features[i].name == name) return i;
  }
  return kNowhere;
}

[[noreturn]] void refuse(const Feature& feature, const char* expected, PyObject* value) {
  throw invalid_argument("\"", feature.name, "\": expected ", expected, ", got ",
                         nb::repr(value).c_str());
}

double value_of(const Feature& feature, const CategoryPlaces& places, PyObject* value) {
  if (value == Py_None) return std::numeric_limits<double>::quiet_NaN();
  if (PyUnicode_Check(value) != 0) {
    if (places.empty()) refuse(feature, "a number", value);
    return places.of(text_of(value));
  }
  if (!places.empty() && !places.has_numbers()) refuse(feature, "a name", value);
  if (!is_scalar(value)) refuse(feature, "one value", value);
  const double number = PyFloat_AsDouble(value);
  if (number == -1 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    refuse(feature, "a number", value);
  }
  return places.empty() ? number : places.of(number);
}

// Throws what is wrong with the names.
void check_names(std::span<const Feature> features, nb::handle row) {
  std::vector<std::string_view> names;
  Py_ssize_t at = 0;
  PyObject* key = nullptr;
  while (PyDict_Next(row.ptr(), &at, &key, nullptr) != 0) names.push_back(name_of(key));
  match_features(features, names);
}

}  // namespace

bool is_named_row(nb::handle x) noexcept {
  Py_ssize_t at = 0;
  PyObject* value = nullptr;
  return PyDict_Check(x.ptr()) != 0 && PyDict_Next(x.ptr(), &at, nullptr, &value) != 0 &&
         is_scalar(value);
}

void read_named_row(const Model& model, nb::handle row, std::span<double> out) {
  const std::span<const Feature> features = model.bundle().features;
  const std::span<const CategoryPlaces> places = model.category_places();
  if (static_cast<std::size_t>(PyDict_Size(row.ptr())) != features.size()) {
    check_names(features, row);
  }
  Py_ssize_t at = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  for (std::size_t next = 0; PyDict_Next(row.ptr(), &at, &key, &value) != 0; ++next) {
    const std::size_t place = place_of(features, name_of(key), next);
    if (place == kNowhere) check_names(features, row);
    out[place] = value_of(features[place], places[place], value);
  }
}

}  // namespace kedge
