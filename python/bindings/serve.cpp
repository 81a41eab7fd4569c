#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <limits>

#include "bindings.h"
#include "kedge/base/give_back.h"
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

using ShadowFields = std::tuple<std::string, double, double, double, std::uint64_t>;
using CanaryFields = std::tuple<std::string, double, double, double, double, bool>;
using DriftFields = std::tuple<double, double, double, double>;
constexpr DriftOptions kDrift;

DriftOptions options_of(const DriftFields& fields) {
  const auto& [every_s, min_effect, false_alarms, window_s] = fields;
  return {every_s, min_effect, false_alarms, window_s};
}

// Seconds that are more than a clock can hold are for ever.
std::chrono::nanoseconds nanoseconds_of(double seconds) noexcept {
  constexpr double kMost = 9e9;
  if (!(seconds < kMost)) return CallTime::kForever;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::max(seconds, -1.0) * 1e9));
}

CallTime time_of(double left, double waited) noexcept {
  return {nanoseconds_of(left), nanoseconds_of(waited)};
}

// A service and the repository that it answers from.
class FolderService {
 public:
  FolderService(std::string folder, const DriftFields& drift, std::size_t remembered_rows)
      : repository_(std::move(folder), options_of(drift), remembered_rows), service_(repository_) {}

  void rescan() { repository_.rescan(); }
  std::vector<std::string> take_events() { return service_.take_events(); }
  void promise(double latency_s, double share) {
    service_.promise({nanoseconds_of(latency_s), share});
  }
  void answer_at_most(std::size_t bytes) { service_.answer_at_most(bytes); }
  std::string metrics(std::uint64_t in_flight, std::uint64_t most, std::uint64_t refused,
                      std::uint64_t client_refused, std::string_view accept) const {
    return service_.metrics({in_flight, most, refused, client_refused}, wanted_format(accept));
  }
  nb::tuple handle(std::string_view method, const nb::bytes& request, double left, double waited,
                   std::string_view traceparent) const {
    return answer([&](std::vector<std::byte>& out) {
      return service_.handle(method, bytes_of(request), out, time_of(left, waited), traceparent);
    });
  }
  nb::tuple stream(const nb::bytes& request, double left, double waited,
                   std::string_view traceparent) const {
    return answer([&](std::vector<std::byte>& out) {
      return service_.stream(bytes_of(request), out, time_of(left, waited), traceparent);
    });
  }
  void keep_in(const std::string& folder) { service_.keep_in(folder); }
  void let_go() { service_.let_go(); }
  void log_requests(std::string folder, double share, std::uint64_t most_bytes,
                    std::vector<std::string> redact) {
    service_.log_requests({std::move(folder), share, most_bytes, std::move(redact)});
  }
  void stop() { service_.stop(); }
  void end_log() { service_.end_log(); }
  void trace(double share, int socket) { service_.trace(share, socket); }
  void end_traces() { service_.end_traces(); }
  void share_memory(std::string prefix, std::uint64_t most_regions, std::uint64_t most_bytes) {
    service_.share_memory({std::move(prefix), most_regions, most_bytes});
  }
  void route(const std::vector<RouteFields>& routes, const std::vector<ShadowFields>& shadow_rules,
             const std::vector<CanaryFields>& canary_rules) {
    std::vector<Route> out;
    out.reserve(routes.size());
    for (const auto& [model, live, candidate, canary, shadow] : routes) {
      out.push_back({model, live, candidate, canary, shadow});
    }
    std::vector<TrialRules> rules;
    for (const auto& [model, bound, delta, alpha, min_rows] : shadow_rules) {
      rules.push_back({model, ShadowRule{bound, delta, alpha, min_rows}, std::nullopt});
    }
    for (const auto& [model, factor, margin, alpha, latency_ms, of_errors] : canary_rules) {
      rules.push_back(
          {model, std::nullopt, CanaryRules{factor, margin, alpha, of_errors, latency_ms}});
    }
    service_.route(out, rules);
  }

 private:
  template <class Ask>
  static nb::tuple answer(const Ask& ask) {
    constexpr std::size_t kMostKept = std::size_t{1} << 22;  // by each thread
    thread_local std::vector<std::byte> out;
    out.clear();
    Reply reply;
    {
      const nb::gil_scoped_release released;
      reply = ask(out);
    }
    nb::tuple made = nb::make_tuple(static_cast<int>(reply.code), reply.message, python_bytes(out));
    if (out.capacity() > kMostKept) give_back(out);
    return made;
  }

  Repository repository_;
  Service service_;
};

}  // namespace

void bind_serve(nb::module_& m) {
  nb::class_<FolderService>(m, "Service", "Answers requests from a folder of .kedge files.")
      .def(
          nb::init<std::string, DriftFields, std::size_t>(), "folder"_a,
          "drift"_a =
              DriftFields(kDrift.every_s, kDrift.min_effect, kDrift.false_alarms, kDrift.window_s),
          "remembered_rows"_a = 0, nb::call_guard<nb::gil_scoped_release>(),
          "Loads every `name/version.kedge`. Drift: seconds between looks, the least effect, false "
          "alarms a second, and seconds of the window. Of each model so many rows of answers are "
          "remembered for labels to come.")
      .def_static(
          "check_drift", [](const DriftFields& drift) { options_of(drift).check(); }, "drift"_a,
          "Refuse what no service would take.")
      .def("rescan", &FolderService::rescan, nb::call_guard<nb::gil_scoped_release>(),
           "Serve what the folder has by now.")
      .def("take_events", &FolderService::take_events,
           "Lines of JSON for whoever runs the server, since they were last taken.")
      .def("promise", &FolderService::promise, "latency"_a, "share"_a,
           "What calls for scores are held against: a share of them within so many seconds.")
      .def("answer_at_most", &FolderService::answer_at_most, "bytes"_a,
           "An answer of more bytes is refused.")
      .def("metrics", &FolderService::metrics, "in_flight"_a = 0, "most"_a = 0, "refused"_a = 0,
           "client_refused"_a = 0, "accept"_a = "", nb::call_guard<nb::gil_scoped_release>(),
           "Counts of calls by method, model, version and code, and their latency, as Prometheus "
           "scrapes them, or as OpenMetrics for one that accepts it; with what the transport says "
           "of calls that it holds and refused.")
      .def("handle", &FolderService::handle, "method"_a, "request"_a, "left"_a = kForever,
           "waited"_a = 0.0, "traceparent"_a = "",
           nb::sig("def handle(self, method: str, request: bytes, left: float = ..., waited: float "
                   "= 0.0, traceparent: str = '') -> tuple[int, str, bytes]"),
           "The status code, its message and the response to a request of the Open Inference "
           "Protocol, which has waited for its turn. Without any seconds left it is refused.")
      .def("route", &FolderService::route, "routes"_a,
           "shadow_rules"_a = std::vector<ShadowFields>(),
           "canary_rules"_a = std::vector<CanaryFields>(), nb::call_guard<nb::gil_scoped_release>(),
           "Replace all routes: model, live version, candidate, its canary and shadow share; and "
           "what ends a trial: model, bound of a loss, delta, alpha and least rows; model, factor, "
           "margin, alpha, limit of latency in milliseconds, and whether errors count.")
      .def("keep_in", &FolderService::keep_in, "folder"_a, nb::call_guard<nb::gil_scoped_release>(),
           "Keep labels and what trials come to in a folder, and take up what it has.")
      .def("let_go", &FolderService::let_go, nb::call_guard<nb::gil_scoped_release>(),
           "Leave that folder to others; then there is no feedback.")
      .def("log_requests", &FolderService::log_requests, "folder"_a, "share"_a, "most_bytes"_a,
           "redact"_a, nb::call_guard<nb::gil_scoped_release>(),
           "Keep a share of the requests as files in a folder, all of them together up to so many "
           "bytes, without the columns that are named.")
      .def("stop", &FolderService::stop, "End explanations before they are done.")
      .def("end_log", &FolderService::end_log, nb::call_guard<nb::gil_scoped_release>(),
           "Write what waits for that; no call may be under way.")
      .def("trace", &FolderService::trace, "share"_a, "socket"_a,
           "Send spans of calls as packets to a socket, which is closed at the end: of those whose "
           "callers are traced, and of a share of those that are nobody's part.")
      .def("end_traces", &FolderService::end_traces, nb::call_guard<nb::gil_scoped_release>(),
           "Send what waits for that; no call may be under way.")
      .def("share_memory", &FolderService::share_memory, "prefix"_a, "most_regions"_a,
           "most_bytes"_a,
           "Read contents from objects of shared memory whose names begin so, and write outputs "
           "there: of so many regions, which have so many bytes together.")
      .def("stream", &FolderService::stream, "request"_a, "left"_a = kForever, "waited"_a = 0.0,
           "traceparent"_a = "",
           nb::sig("def stream(self, request: bytes, left: float = ..., waited: float = 0.0, "
                   "traceparent: str = '') -> tuple[int, str, bytes]"),
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
  m.def(
      "scrape_type", [](std::string_view accept) { return content_type(wanted_format(accept)); },
      "accept"_a, "The media type of the text that a scraper gets who accepts these.");
  m.def("read_infer_request", &read_infer_request, "message"_a,
        nb::sig("def read_infer_request(message: bytes) -> dict[str, typing.Any]"),
        "What a ModelInferRequest says: numbers as the bytes of their elements, little-endian.");
  m.def("echo_infer_request", &echo_infer_request, "message"_a,
        "The ModelInferResponse that has the request's inputs as outputs, raw if they were.");
}

}  // namespace kedge
