#include "kedge/serve/exposition.h"

#include "kedge/base/text.h"
#include "kedge/serve/histogram_text.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

std::string labels_of(const CountedCalls& calls) {
  return text("method=\"", calls.method, "\",", model_labels(calls.model, calls.version));
}

void add_requests(std::span<const CountedCalls> calls, std::string& out) {
  add_family("kedge_requests_total", "counter", "Calls by how they ended.", out);
  for (const CountedCalls& one : calls) {
    for (const StatusCode code : kStatuses) {
      const std::uint64_t count = one.counts.codes[static_cast<std::size_t>(code)];
      if (count == 0) continue;
      out += text("kedge_requests_total{", labels_of(one), ",code=\"", status_name(code), "\"} ",
                  count, "\n");
    }
  }
}

void add_rows(std::span<const CountedCalls> calls, std::string& out) {
  add_family("kedge_rows_total", "counter", "Rows that were scored.", out);
  for (const CountedCalls& one : calls) {
    if (one.model.empty()) continue;
    out += text("kedge_rows_total{", model_labels(one.model, one.version), "} ", one.counts.rows,
                "\n");
  }
}

void add_latency(std::span<const CountedCalls> calls, std::string& out) {
  constexpr std::string_view kName = "kedge_request_duration_microseconds";
  add_family(kName, "histogram", "From a call's bytes to its answer's.", out);
  for (const CountedCalls& one : calls) {
    if (one.counts.calls() == 0) continue;
    add_histogram(kName, labels_of(one), one.counts, one.exemplars, out);
  }
}

using Shadows = std::map<ShadowQueue::Key, ShadowCounts>;

template <class Number>
void add_shadow(std::string_view name, std::string_view type, std::string_view help,
                const Shadows& shadows, Number ShadowCounts::* count, std::string& out) {
  if (shadows.empty()) return;
  add_family(name, type, help, out);
  for (const auto& [key, counts] : shadows) {
    out += text(name, "{", model_labels(key.first, key.second), "} ", counts.*count, "\n");
  }
}

void add_shadows(const Shadows& shadows, std::string& out) {
  add_shadow("kedge_shadow_rows_total", "counter", "Rows that a candidate scored in the shadow.",
             shadows, &ShadowCounts::rows, out);
  add_shadow("kedge_shadow_rows_different_total", "counter",
             "Of them, those that it scored otherwise than the live model.", shadows,
             &ShadowCounts::rows_different, out);
  add_shadow("kedge_shadow_largest_difference", "gauge", "The most that two scores were apart.",
             shadows, &ShadowCounts::largest_difference, out);
  add_shadow("kedge_shadow_failed_total", "counter", "Requests that a candidate could not score.",
             shadows, &ShadowCounts::failed, out);
  add_shadow("kedge_shadow_dropped_total", "counter", "Requests that found the queue full.",
             shadows, &ShadowCounts::dropped, out);
}

void add_one(std::string_view name, std::string_view type, std::string_view help,
             std::uint64_t value, std::string& out) {
  add_family(name, type, help, out);
  out += text(name, " ", value, "\n");
}

void add_admission(const AdmissionCounts& counts, std::string& out) {
  add_one("kedge_calls_in_flight", "gauge", "Calls that were taken on and are not answered yet.",
          counts.in_flight, out);
  add_one("kedge_calls_most", "gauge", "How many of them there may be.", counts.most, out);
  add_one("kedge_calls_refused_total", "counter", "Calls that came when there were that many.",
          counts.refused, out);
  add_one("kedge_calls_refused_client_total", "counter",
          "Calls of clients that had as many as one may have.", counts.client_refused, out);
}

}  // namespace

std::string exposition(std::span<const CountedCalls> calls, std::span<const ModelStatus> models,
                       const Shadows& shadows, const AdmissionCounts& admission) {
  std::string out;
  add_requests(calls, out);
  add_rows(calls, out);
  add_latency(calls, out);
  add_family("kedge_model_ready", "gauge", "Whether a model's file is served.", out);
  for (const ModelStatus& model : models) {
    out += text("kedge_model_ready{", model_labels(model.name, model.version), "} ",
                model.is_ready ? 1 : 0, "\n");
  }
  add_shadows(shadows, out);
  add_admission(admission, out);
  return out;
}

}  // namespace kedge
