// What every class with a stored form offers: its bytes, pickling and equality by value.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/operators.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "kedge/base/buffer.h"

namespace kedge {

inline std::span<const std::byte> bytes_of(const nanobind::bytes& data) {
  return {static_cast<const std::byte*>(data.data()), data.size()};
}
inline nanobind::bytes python_bytes(std::span<const std::byte> bytes) {
  auto copy = nanobind::steal<nanobind::bytes>(
      PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(bytes.size())));
  if (!copy.is_valid()) throw nanobind::python_error();
  void* const memory = PyBytes_AS_STRING(copy.ptr());
  ask_for_large_pages(memory, bytes.size());
  std::ranges::copy(bytes, static_cast<std::byte*>(memory));
  return copy;
}

// Equal by value and changeable, so a set or dict must not hold one.
template <class Class>
void bind_stored(nanobind::class_<Class>& bound) {
  namespace nb = nanobind;
  using namespace nanobind::literals;
  bound.def(
      "to_bytes", [](const Class& self) { return python_bytes(self.to_bytes()); },
      "The stored form, equal for equal counts on every machine.");
  bound.def_static(
      "from_bytes", [](const nb::bytes& data) { return Class::from_bytes(bytes_of(data)); },
      "data"_a, "Read the stored form.");
  bound.def(
      "__getstate__", [](const Class& self) { return python_bytes(self.to_bytes()); },
      "Pickled and copied as its bytes.");
  bound.def(
      "__setstate__",
      [](Class& self, const nb::bytes& data) {
        new (&self) Class(Class::from_bytes(bytes_of(data)));
      },
      "data"_a, "Read them back.");
  bound.def(nb::self == nb::self, nb::sig("def __eq__(self, other: object, /) -> bool"));
  bound.attr("__hash__") = nb::none();
}

}  // namespace kedge
