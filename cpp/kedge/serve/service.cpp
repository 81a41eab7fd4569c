#include "kedge/serve/service.h"

#include <chrono>
#include <exception>
#include <new>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/describe.h"
#include "kedge/serve/exposition.h"
#include "kedge/serve/infer_response.h"
#include "kedge/serve/model_outputs.h"

namespace kedge {
namespace {

// What one thread wants for a request; kept until a request has made more of it than this.
constexpr std::size_t kMostKept = std::size_t{1} << 22;

struct Scratch {
  InferRequest request;
  std::vector<double> values;
  ModelOutputs outputs;

  void trim() {
    request.trim(kMostKept);
    if (values.capacity() * sizeof(double) > kMostKept) values = {};
    outputs.trim(kMostKept);
  }
};

struct Call {
  Repository& repository;
  const Router& router;
  ShadowQueue& shadow;
  std::span<const std::byte> request;
  std::vector<std::byte>& out;
  CallMetrics*& metrics;  // where the call is counted
  std::size_t& rows;      // that were scored
  std::chrono::nanoseconds left;
};

ModelQuestion question_of(const Call& call) {
  ModelQuestion asked;
  for (ProtoReader reader(call.request, "the request"); reader.next();) {
    if (reader.field() == 1) asked.name = utf8_text(reader, "name");
    if (reader.field() == 2) asked.version = utf8_text(reader, "version");
  }
  return asked;
}

void live(const Call& call) { ProtoWriter(call.out).integer(1, 1); }

void model_ready(const Call& call) {
  const ModelQuestion asked = question_of(call);
  bool is_ready = true;
  try {
    const Repository::Pin catalog = call.repository.read();
    catalog->find(asked.name, asked.version);
  } catch (const Refusal&) {
    is_ready = false;
  }
  ProtoWriter(call.out).integer(1, is_ready ? 1 : 0);
}

void server_metadata(const Call& call) {
  ProtoWriter out(call.out);
  out.text(1, "kedge");
  for (const std::string_view extension : {"model_repository", "model_configuration", "statistics",
                                           "parameters", "binary_tensor_data"}) {
    out.text(3, extension);
  }
}

// One of the answers about models.
template <void (*kAnswer)(const Catalog&, const ModelQuestion&, ProtoWriter&)>
void about(const Call& call) {
  const ModelQuestion asked = question_of(call);
  const Repository::Pin catalog = call.repository.read();
  ProtoWriter out(call.out);
  kAnswer(*catalog, asked, out);
}

void infer(const Call& call, std::span<const std::string_view> usual) {
  thread_local Scratch scratch;
  scratch.request.read(call.request);
  const InferRequest& request = scratch.request;
  const Repository::Pin catalog = call.repository.read();
  const auto [chosen, compared] = call.router.choose(*catalog, request);
  const ServedModel& served = *chosen;
  call.metrics = served.metrics;
  const Rows rows = served.form->rows.read(request.inputs(), scratch.values);
  InferResponse response(call.out, request.is_raw());
  response.name(served.name, served.version, request.id());
  scratch.outputs.write(*served.model, *served.form, rows, request, usual, response);
  call.rows = rows.count;
  if (compared != nullptr) call.shadow.offer(call.request, served, *compared);
  scratch.trim();
}

void model_infer(const Call& call) {
  static constexpr std::string_view kUsual[] = {"score"};
  infer(call, kUsual);
}

void explain(const Call& call) {
  static constexpr std::string_view kUsual[] = {"contributions", "base"};
  infer(call, kUsual);
}

void repository_index(const Call& call) {
  bool only_ready = false;
  for (ProtoReader reader(call.request, "RepositoryIndexRequest"); reader.next();) {
    if (reader.field() == 2) only_ready = reader.unsigned_integer() != 0;
  }
  const Repository::Pin catalog = call.repository.read();
  ProtoWriter out(call.out);
  for (const ModelStatus& status : catalog->states) {
    if (only_ready && !status.is_ready) continue;
    out.message(1, [&] {
      out.text(1, status.name);
      out.text(2, status.version);
      out.text(3, status.is_ready ? "READY" : "UNAVAILABLE");
      out.text(4, status.reason);
    });
  }
}

std::string_view model_to_change(const Call& call) {
  std::string_view name;
  for (ProtoReader reader(call.request, "the request"); reader.next();) {
    if (reader.field() == 2) name = utf8_text(reader, "model_name");
  }
  return name;
}

void load(const Call& call) { call.repository.load(model_to_change(call)); }
void unload(const Call& call) { call.repository.unload(model_to_change(call)); }

struct Method {
  std::string_view name;
  void (*run)(const Call&);
};

constexpr Method kMethods[] = {
    {"ModelInfer", &model_infer},
    {"ServerLive", &live},
    {"ServerReady", &live},
    {"ModelReady", &model_ready},
    {"ServerMetadata", &server_metadata},
    {"ModelMetadata", &about<write_metadata>},
    {"ModelConfig", &about<write_configuration>},
    {"ModelStatistics", &about<write_statistics>},
    {"ModelStreamInfer", &model_infer},
    {"Explain", &explain},
    {"RepositoryIndex", &repository_index},
    {"RepositoryModelLoad", &load},
    {"RepositoryModelUnload", &unload},
};

constexpr std::size_t kOther = std::size(kMethods);

std::size_t place_of(std::string_view method) noexcept {
  std::size_t i = 0;
  while (i < kOther && kMethods[i].name != method) ++i;
  return i;
}

void run(std::size_t place, std::string_view method, const Call& call) {
  if (call.left <= std::chrono::nanoseconds(0)) {
    throw Refusal(StatusCode::kDeadlineExceeded, "the deadline passed before the call began");
  }
  if (place != kOther) return kMethods[place].run(call);
  throw Refusal(StatusCode::kUnimplemented, text("method \"", method, "\" is not served"));
}

Reply answer(std::size_t place, std::string_view method, const Call& call) noexcept {
  try {
    run(place, method, call);
    return {};
  } catch (const Error& error) {
    return {status_of(error.code()), error.what()};
  } catch (const Refusal& refusal) {
    return {refusal.code(), refusal.what()};
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, {}};
  } catch (const std::exception& error) {
    return {StatusCode::kInternal, error.what()};
  }
}

// Empty also when the request cannot be read.
std::string_view id_of(std::span<const std::byte> request) {
  std::string_view id;
  try {
    for (ProtoReader reader(request, "ModelInferRequest"); reader.next();) {
      if (reader.field() == 3) id = utf8_text(reader, "id");
    }
  } catch (const Error&) {
    return {};
  }
  return id;
}

}  // namespace

Service::Service(Repository& repository) : repository_(&repository), calls_(kOther + 1) {}

std::string Service::metrics(const AdmissionCounts& admission) const {
  const Repository::Pin catalog = repository_->read();
  std::vector<CountedCalls> calls;
  calls.reserve(calls_.size() + catalog->calls.size());
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    calls.push_back({i == kOther ? "other" : kMethods[i].name, {}, {}, calls_[i].read()});
  }
  for (const ServedCalls& model : catalog->calls) {
    calls.push_back({"ModelInfer", model.name, model.version, model.calls->read()});
  }
  return exposition(calls, catalog->states, shadow_.read(), admission);
}

Reply Service::handle(std::string_view method, std::span<const std::byte> request,
                      std::vector<std::byte>& out, std::chrono::nanoseconds left) const noexcept {
  const auto start = std::chrono::steady_clock::now();
  const std::size_t had = out.size();
  const std::size_t place = place_of(method);
  CallMetrics* metrics = &calls_[place];
  std::size_t rows = 0;
  Reply reply =
      answer(place, method, {*repository_, router_, shadow_, request, out, metrics, rows, left});
  if (reply.code != StatusCode::kOk) out.resize(had);
  metrics->record(reply.code, rows, std::chrono::steady_clock::now() - start);
  return reply;
}

Reply Service::stream(std::span<const std::byte> request, std::vector<std::byte>& out,
                      std::chrono::nanoseconds left) const noexcept {
  thread_local std::vector<std::byte> one;
  one.clear();
  const Reply reply = handle("ModelStreamInfer", request, one, left);
  try {
    ProtoWriter writer(out);
    if (reply.code == StatusCode::kOk) {
      writer.bytes(2, one);
    } else {
      writer.text(1, text(status_name(reply.code), ": ", reply.message));
      const std::string_view id = id_of(request);
      if (!id.empty()) writer.message(2, [&] { writer.text(3, id); });
    }
    return {};
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, {}};
  }
}

}  // namespace kedge
