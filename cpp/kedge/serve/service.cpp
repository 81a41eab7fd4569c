#include "kedge/serve/service.h"

#include <chrono>
#include <exception>
#include <new>
#include <optional>

#include "kedge/base/protobuf_write.h"
#include "kedge/base/utf8.h"
#include "kedge/serve/describe.h"
#include "kedge/serve/drift_exposition.h"
#include "kedge/serve/exposition.h"
#include "kedge/serve/json_line.h"
#include "kedge/serve/repository_calls.h"
#include "kedge/serve/server_metrics.h"
#include "kedge/serve/service_call.h"
#include "kedge/serve/service_infer.h"
#include "kedge/serve/shared_memory_calls.h"

namespace kedge {
namespace {

// About the version that would answer, when none is named.
ModelQuestion question_of(const ServiceCall& call) {
  ModelQuestion asked;
  for (ProtoReader reader(call.request, "the request"); reader.next();) {
    if (reader.field() == 1) asked.name = utf8_text(reader, "name");
    if (reader.field() == 2) asked.version = utf8_text(reader, "version");
  }
  if (asked.version.empty()) asked.version = call.router.live(asked.name);
  return asked;
}

void live(const ServiceCall& call) { ProtoWriter(call.out).integer(1, 1); }

void model_ready(const ServiceCall& call) {
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

void server_metadata(const ServiceCall& call) {
  ProtoWriter out(call.out);
  out.text(1, "kedge");
  for (const std::string_view extension : {"model_repository", "model_configuration", "statistics",
                                           "parameters", "binary_tensor_data"}) {
    out.text(3, extension);
  }
  if (call.regions != nullptr) out.text(3, "system_shared_memory");
}

// One of the answers about models.
template <void (*kAnswer)(const Catalog&, const ModelQuestion&, ProtoWriter&)>
void about(const ServiceCall& call) {
  const ModelQuestion asked = question_of(call);
  const Repository::Pin catalog = call.repository.read();
  ProtoWriter out(call.out);
  kAnswer(*catalog, asked, out);
}

void feedback(const ServiceCall& call) {
  ProtoWriter out(call.out);
  call.follow_up.feedback(call.request, out);
}

void repository_index(const ServiceCall& call) {
  const Repository::Pin catalog = call.repository.read();
  ProtoWriter out(call.out);
  write_index(*catalog, call.request, out);
}

void load(const ServiceCall& call) { call.repository.load(model_to_change(call.request)); }
void unload(const ServiceCall& call) { call.repository.unload(model_to_change(call.request)); }

SharedRegions& regions_of(const ServiceCall& call) {
  if (call.regions != nullptr) return *call.regions;
  throw Refusal(StatusCode::kUnimplemented, "shared memory is off");
}

void region_status(const ServiceCall& call) {
  ProtoWriter out(call.out);
  write_region_status(regions_of(call), call.request, out);
}

void add_region(const ServiceCall& call) { register_region(regions_of(call), call.request); }
void remove_region(const ServiceCall& call) { unregister_region(regions_of(call), call.request); }

struct Method {
  std::string_view name;
  void (*run)(const ServiceCall&);
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
    {"Feedback", &feedback},
    {"RepositoryIndex", &repository_index},
    {"RepositoryModelLoad", &load},
    {"RepositoryModelUnload", &unload},
    {"SystemSharedMemoryStatus", &region_status},
    {"SystemSharedMemoryRegister", &add_region},
    {"SystemSharedMemoryUnregister", &remove_region},
};

constexpr std::size_t kOther = std::size(kMethods);

bool is_scoring(std::size_t place) noexcept {
  return place != kOther && kMethods[place].run == &model_infer;
}

std::string_view name_of(std::size_t place) noexcept {
  return place == kOther ? "other" : kMethods[place].name;
}

std::size_t place_of(std::string_view method) noexcept {
  std::size_t i = 0;
  while (i < kOther && kMethods[i].name != method) ++i;
  return i;
}

void run(std::size_t place, std::string_view method, const ServiceCall& call) {
  if (call.left <= std::chrono::nanoseconds(0)) {
    throw Refusal(StatusCode::kDeadlineExceeded, "the deadline passed before the call began");
  }
  if (place != kOther) return kMethods[place].run(call);
  throw Refusal(StatusCode::kUnimplemented, text("method \"", method, "\" is not served"));
}

// A message is text for every client, whatever bytes names have, and fits what clients take of a
// call's end, 8 KiB in which a byte may become three.
std::string told(std::string_view message) {
  constexpr std::size_t kMost = 2000;
  if (message.size() <= kMost) return utf8_of(message);
  std::size_t size = kMost;
  const auto is_inside = [&] { return (static_cast<unsigned char>(message[size]) & 0xc0) == 0x80; };
  while (size > kMost - 4 && is_inside()) --size;
  return utf8_of(text(message.substr(0, size), " ..."));
}

Reply answer(std::size_t place, std::string_view method, const ServiceCall& call) noexcept {
  try {
    run(place, method, call);
    return {};
  } catch (const Error& error) {
    return {status_of(error.code()), told(error.what())};
  } catch (const Refusal& refusal) {
    return {refusal.code(), told(refusal.what())};
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, {}};
  } catch (const std::exception& error) {
    return {StatusCode::kInternal, told(error.what())};
  }
}

}  // namespace

Service::Service(Repository& repository)
    : repository_(&repository),
      calls_(kOther + 1),
      follow_up_(repository, router_, events_),
      lookout_(repository, follow_up_, events_, repository.drift().every_s) {}

std::string Service::metrics(const AdmissionCounts& admission, ScrapeFormat format) const {
  const bool is_open = format == ScrapeFormat::kOpenMetrics;
  const Repository::Pin catalog = repository_->read();
  std::vector<CountedCalls> calls;
  calls.reserve(calls_.size() + catalog->calls.size());
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    calls.push_back({name_of(i), {}, {}, calls_[i].read()});
  }
  for (const ServedCalls& model : catalog->calls) {
    calls.push_back({"ModelInfer", model.name, model.version, model.calls->read(),
                     is_open ? model.calls : nullptr});
  }
  std::string out = exposition(calls, catalog->states, shadow_.read(), admission);
  add_drift(*catalog, out);
  follow_up_.expose(out);
  if (log_) log_->expose(out);
  if (spans_) spans_->expose(out);
  if (regions_) regions_->expose(out);
  if (const std::uint64_t batches = batches_.load(); batches != 0) {
    add_batches(batches, batched_rows_.load(), out);
  }
  add_server_metrics(server_counts(admission), out);
  return is_open ? open_metrics(out) : out;
}

ServerCounts Service::server_counts(const AdmissionCounts& admission) const {
  constexpr std::chrono::minutes kShort(5);
  ServerCounts out{waits_.read(), repository_->load_counts(), objective_, kept_.read(), 0, 0};
  // They never came here. Whom its own limit kept out was promised nothing.
  out.calls.calls += admission.refused;
  out.calls.missed += admission.refused;
  const auto now = BurnRate::Clock::now();
  const std::lock_guard guard(scrapes_);
  burn_.observe(now, out.calls);
  out.burn_5m = burn_.rate(now, out.calls, kShort, objective_.share);
  out.burn_1h = burn_.rate(now, out.calls, BurnRate::kLongest, objective_.share);
  return out;
}

void Service::route(const std::vector<Route>& routes, const std::vector<TrialRules>& rules) {
  follow_up_.set(routes, rules);
  const Repository::Pin catalog = repository_->read();
  for (const Route& route : routes) {
    for (const std::string& version : {route.live, route.candidate}) {
      if (catalog->look_up(route.model, version) != nullptr) continue;
      JsonLine line("route");
      line.add("model", route.model).add("version", version);
      line.add("reason", "this version is not served: no request goes to it until it is");
      events_.add(std::move(line).take());
    }
  }
}

void Service::log_requests(RequestLogOptions options) {
  options.check(*repository_->read());
  log_ = std::make_unique<RequestLog>(std::move(options), events_);
}

void Service::share_memory(SharedMemoryOptions options) {
  regions_ = std::make_unique<SharedRegions>(std::move(options));
}

void Service::promise(const Objective& objective) {
  objective.check();
  objective_ = objective;
}

std::vector<std::string> Service::take_events() {
  for (const Load& load : repository_->take_loads()) {
    JsonLine line("model");
    line.add("model", load.name).add("version", load.version);
    line.add("outcome", kLoadOutcomes[static_cast<std::size_t>(load.outcome)]);
    if (!load.reason.empty()) line.add("reason", load.reason);
    events_.add(std::move(line).take());
  }
  return events_.take();
}

Reply Service::handle(std::string_view method, std::span<const std::byte> request,
                      std::vector<std::byte>& out, const CallTime& time,
                      std::string_view traceparent) const noexcept {
  return handle(method, {request, out, time, traceparent}, std::chrono::steady_clock::now(), {});
}

Reply Service::handle(std::string_view method, const Asked& asked,
                      std::chrono::steady_clock::time_point start,
                      const ReadyScores& ready) const noexcept {
  std::optional<CallSpan> span;
  if (spans_) span = spans_->begin(asked.traceparent);
  if (span) span->begun -= std::chrono::steady_clock::now() - start;
  const std::size_t had = asked.out.size();
  const std::size_t place = place_of(method);
  CallMetrics* metrics = &calls_[place];
  std::size_t rows = 0;
  CanaryArm arm;
  std::string_view id;
  const ServiceCall call{*repository_,
                         router_,
                         shadow_,
                         follow_up_,
                         log_.get(),
                         regions_.get(),
                         asked.request,
                         asked.out,
                         metrics,
                         rows,
                         arm,
                         id,
                         span ? &*span : nullptr,
                         start,
                         asked.time.left,
                         ready,
                         is_stopping_};
  Reply reply = answer(place, method, call);
  if (const std::size_t size = asked.out.size() - had; size > most_answer_) {
    reply = {StatusCode::kResourceExhausted,
             text("the answer has ", size, " bytes, at most ", most_answer_, " are sent")};
  }
  if (reply.code != StatusCode::kOk) asked.out.resize(had);
  const auto took = std::chrono::steady_clock::now() - start;
  metrics->record(reply.code, rows, took, id);
  waits_.record(reply.code, 0, asked.time.waited);
  if (is_scoring(place)) kept_.record(objective_.is_missed(reply.code, took + asked.time.waited));
  if (arm.outcomes) arm.outcomes->add(arm.is_canary, reply.code != StatusCode::kOk, took);
  if (span) {
    span->method = name_of(place);
    span->request.set(id);
    span->waited = asked.time.waited;
    span->took = took;
    span->rows = rows;
    span->code = reply.code;
    spans_->add(*span);
  }
  return reply;
}

}  // namespace kedge
