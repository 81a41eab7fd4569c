#include "bindings.h"

#include <nanobind/nanobind.h>

#include <nanobind/stl/string_view.h>
#include <string>

#include "kedge/base/cpu.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

// The one table where error codes meet Python exceptions.
struct ErrorRow {
  ErrorCode code;
  const char* name;
  const char* doc;
  PyObject* const* also;
};

const ErrorRow kErrors[] = {
    {ErrorCode::kInvalidArgument, "InvalidArgument", "A value is out of its bounds.",
     &PyExc_ValueError},
    {ErrorCode::kCorruptData, "CorruptData", "Bytes are not what they claim to be.",
     &PyExc_ValueError},
    {ErrorCode::kUnsupported, "Unsupported", "Understood, and deliberately not handled.",
     &PyExc_NotImplementedError},
    {ErrorCode::kResourceExhausted, "ResourceExhausted", "A stated limit was reached.", nullptr},
};

PyObject* python_errors[std::size(kErrors)] = {};

// What a damaged file calls its parts need not be UTF-8, but the error is about something else.
void raise(PyObject* type, const char* what) {
  const nb::object text = nb::steal(PyUnicode_DecodeUTF8(
      what, static_cast<Py_ssize_t>(std::char_traits<char>::length(what)), "replace"));
  if (text.is_valid()) PyErr_SetObject(type, text.ptr());
}

void translate(const std::exception_ptr& caught, void*) {
  try {
    std::rethrow_exception(caught);
  } catch (const Error& error) {
    for (std::size_t i = 0; i < std::size(kErrors); ++i) {
      if (kErrors[i].code == error.code()) raise(python_errors[i], error.what());
    }
  }
}

}  // namespace

PyObject* raise_caught() noexcept {
  try {
    translate(std::current_exception(), nullptr);
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

void bind_errors(nb::module_& m) {
  nb::object base = nb::steal(PyErr_NewExceptionWithDoc(
      "kedge.KedgeError", "What every error of kedge derives from.", PyExc_Exception, nullptr));
  m.attr("KedgeError") = base;
  for (std::size_t i = 0; i < std::size(kErrors); ++i) {
    const ErrorRow& row = kErrors[i];
    nb::object bases =
        row.also == nullptr ? nb::make_tuple(base) : nb::make_tuple(base, nb::handle(*row.also));
    const std::string name = std::string("kedge.") + row.name;
    python_errors[i] = PyErr_NewExceptionWithDoc(name.c_str(), row.doc, bases.ptr(), nullptr);
    m.attr(row.name) = nb::steal(python_errors[i]);
    Py_INCREF(python_errors[i]);  // the table above keeps its own
  }
  nb::register_exception_translator(translate);
}

}  // namespace kedge

NB_MODULE(_core, m) {
  m.doc() = "The compiled core of kedge.";
  kedge::bind_errors(m);
  kedge::active_isa();  // a KEDGE_ISA that cannot run here fails the import, not the first call
  m.def(
      "active_isa", [] { return kedge::isa_name(kedge::active_isa()); },
      "The instruction set that the kernels use.");
  m.def(
      "crc32c",
      [](const nb::bytes& data, std::uint32_t seed) {
        return kedge::crc32c(kedge::bytes_of(data), seed);
      },
      "data"_a, "seed"_a = 0, "The checksum of stored bytes; `seed` is that of what comes before.");
  kedge::bind_arrow(m);
  kedge::bind_expr(m);
  kedge::bind_signature(m);
  kedge::bind_sketch(m);
  kedge::bind_categories(m);
  kedge::bind_evidence(m);
  kedge::bind_drift(m);
  kedge::bind_distance(m);
  kedge::bind_joint(m);
  kedge::bind_monitor(m);
  kedge::bind_detectors(m);
  kedge::bind_forest(m);
  kedge::bind_foreign(m);
  kedge::bind_graph(m);
  kedge::bind_net_builder(m);
  kedge::bind_explain(m);
  kedge::bind_reasons(m);
  kedge::bind_model(m);
  kedge::bind_model_header(m);
  kedge::bind_quality(m);
  kedge::bind_parity(m);
  kedge::bind_late(m);
  kedge::bind_decide(m);
  kedge::bind_window(m);
  kedge::bind_as_of(m);
  kedge::bind_serve(m);
  kedge::bind_sla(m);
  kedge::bind_trust(m);
  kedge::bind_records(m);
  kedge::bind_fleet(m);
}
