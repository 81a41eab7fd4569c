#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>

#include "bindings.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/infer_response.h"
#include "kedge/serve/reflection.h"
#include "kedge/serve/service.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

struct PythonValue {
  nb::object operator()(std::monostate) const { return nb::none(); }
  template <class Value>
  nb::object operator()(Value value) const {
    return nb::cast(value);
  }
};

nb::dict dict_of(std::span<const InferParameter> parameters) {
  nb::dict out;
  for (const InferParameter& parameter : parameters) {
    out[nb::cast(parameter.name)] = std::visit(PythonValue{}, parameter.value);
  }
  return out;
}

nb::object contents_of(const InferTensor& tensor) {
  if (tensor.datatype != DataType::kBytes) return python_bytes(tensor.data);
  nb::list out;
  for (const std::string_view value : tensor.strings)
    out.append(nb::bytes(value.data(), value.size()));
  return out;
}

nb::dict dict_of(const InferTensor& tensor) {
  nb::dict out;
  out["name"] = tensor.name;
  out["datatype"] = row_of(tensor.datatype).name;
  out["shape"] = nb::cast(std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.end()));
  out["parameters"] = dict_of(tensor.parameters);
  out["contents"] = contents_of(tensor);
  return out;
}

// Everything a request says; numbers as the bytes of their elements.
nb::dict read_infer_request(const nb::bytes& message) {
  InferRequest request;
  request.read(bytes_of(message));
  nb::list inputs;
  for (const InferTensor& tensor : request.inputs()) inputs.append(dict_of(tensor));
  nb::list outputs;
  for (const RequestedOutput& output : request.outputs()) {
    nb::dict asked;
    asked["name"] = output.name;
    asked["parameters"] = dict_of(output.parameters);
    outputs.append(asked);
  }
  nb::dict out;
  out["model_name"] = request.model_name();
  out["model_version"] = request.model_version();
  out["id"] = request.id();
  out["parameters"] = dict_of(request.parameters());
  out["inputs"] = inputs;
  out["outputs"] = outputs;
  out["raw"] = request.is_raw();
  return out;
}

nb::bytes echo_infer_request(const nb::bytes& message) {
  InferRequest request;
  request.read(bytes_of(message));
  std::vector<std::byte> out;
  InferResponse response(out, request.is_raw());
  response.name(request.model_name(), request.model_version(), request.id());
  for (const InferParameter& parameter : request.parameters()) response.parameter(parameter);
  for (const InferTensor& tensor : request.inputs()) response.add(tensor);
  return python_bytes(out);
}

constexpr double kForever = std::numeric_limits<double>::infinity();

using RouteFields = std::tuple<std::string, std::string, std::string, double, double>;

// Seconds that are more than a clock can hold are for ever.
std::chrono::nanoseconds nanoseconds_of(double seconds) noexcept {
  constexpr double kMost = 9e9;
  if (!(seconds < kMost)) return Service::kForever;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::max(seconds, -1.0) * 1e9));
}

// A service and the repository that it answers from.
class FolderService {
 public:
  explicit FolderService(std::string folder)
      : repository_(std::move(folder)), service_(repository_) {}

  void rescan() { repository_.rescan(); }
  std::string metrics(std::uint64_t in_flight, std::uint64_t most, std::uint64_t refused) const {
    return service_.metrics({in_flight, most, refused});
  }
  nb::tuple handle(std::string_view method, const nb::bytes& request, double left) const {
    return answer([&](std::vector<std::byte>& out) {
      return service_.handle(method, bytes_of(request), out, nanoseconds_of(left));
    });
  }
  nb::tuple stream(const nb::bytes& request, double left) const {
    return answer([&](std::vector<std::byte>& out) {
      return service_.stream(bytes_of(request), out, nanoseconds_of(left));
    });
  }
  void route(const std::vector<RouteFields>& routes) {
    std::vector<Route> out;
    out.reserve(routes.size());
    for (const auto& [model, live, candidate, canary, shadow] : routes) {
      out.push_back({model, live, candidate, canary, shadow});
    }
    service_.route(out);
  }

 private:
  template <class Ask>
  static nb::tuple answer(const Ask& ask) {
    thread_local std::vector<std::byte> out;
    out.clear();
    Reply reply;
    {
      const nb::gil_scoped_release released;
      reply = ask(out);
    }
    return nb::make_tuple(static_cast<int>(reply.code), reply.message, python_bytes(out));
  }

  Repository repository_;
  Service service_;
};

}  // namespace

void bind_serve(nb::module_& m) {
  nb::class_<FolderService>(m, "Service", "Answers requests from a folder of .kedge files.")
      .def(nb::init<std::string>(), "folder"_a, nb::call_guard<nb::gil_scoped_release>(),
           "Loads every `name/version.kedge`.")
      .def("rescan", &FolderService::rescan, nb::call_guard<nb::gil_scoped_release>(),
           "Serve what the folder has by now.")
      .def("metrics", &FolderService::metrics, "in_flight"_a = 0, "most"_a = 0, "refused"_a = 0,
           nb::call_guard<nb::gil_scoped_release>(),
           "Counts of calls by method, model, version and code, and their latency, as Prometheus "
           "scrapes them; with what the transport says of calls that it holds and refused.")
      .def("handle", &FolderService::handle, "method"_a, "request"_a, "left"_a = kForever,
           nb::sig("def handle(self, method: str, request: bytes, left: float = ...) -> tuple[int, "
                   "str, bytes]"),
           "The status code, its message and the response to a request of the Open Inference "
           "Protocol. Without any seconds left it is refused.")
      .def("route", &FolderService::route, "routes"_a, nb::call_guard<nb::gil_scoped_release>(),
           "Replace all routes: model, live version, candidate, its canary and shadow share.")
      .def("stream", &FolderService::stream, "request"_a, "left"_a = kForever,
           nb::sig("def stream(self, request: bytes, left: float = ...) -> tuple[int, str, bytes]"),
           "The same for one request of a ModelStreamInfer, of which an error is a response.");
  nb::class_<Reflection>(m, "Reflection", "What a server's services and messages are.")
      .def(
          "__init__",
          [](Reflection* made, const nb::bytes& descriptors) {
            const auto bytes = bytes_of(descriptors);
            new (made) Reflection({bytes.begin(), bytes.end()});
          },
          "descriptors"_a, "Of the bytes of a FileDescriptorSet.")
      .def(
          "answer",
          [](const Reflection& reflection, const nb::bytes& request) {
            std::vector<std::byte> out;
            reflection.answer(bytes_of(request), out);
            return python_bytes(out);
          },
          "request"_a, "The ServerReflectionResponse to a ServerReflectionRequest.");
  m.def("read_infer_request", &read_infer_request, "message"_a,
        nb::sig("def read_infer_request(message: bytes) -> dict[str, typing.Any]"),
        "What a ModelInferRequest says: numbers as the bytes of their elements, little-endian.");
  m.def("echo_infer_request", &echo_infer_request, "message"_a,
        "The ModelInferResponse that has the request's inputs as outputs, raw if they were.");
}

}  // namespace kedge
