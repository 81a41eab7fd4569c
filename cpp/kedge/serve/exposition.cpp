#include "kedge/serve/exposition.h"

#include "kedge/base/text.h"

namespace kedge {
namespace {

// A name of a model is any name of a folder.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string labels_of(std::string_view model, std::string_view version) {
  return text("model=\"", escaped(model), "\",version=\"", escaped(version), "\"");
}

std::string labels_of(const CountedCalls& calls) {
  return text("method=\"", calls.method, "\",", labels_of(calls.model, calls.version));
}

void head(std::string_view name, std::string_view type, std::string_view help, std::string& out) {
  out += text("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

// Bounds are whole microseconds but for the second, 1.5.
std::string microseconds(std::uint64_t ns) {
  std::string out = text(ns / 1000);
  if (const std::uint64_t rest = ns % 1000; rest != 0)
    out += text(".", text(1000 + rest).substr(1));
  return out;
}

void add_requests(std::span<const CountedCalls> calls, std::string& out) {
  head("kedge_requests_total", "counter", "Calls by how they ended.", out);
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
  head("kedge_rows_total", "counter", "Rows that were scored.", out);
  for (const CountedCalls& one : calls) {
    if (one.model.empty()) continue;
    out +=
        text("kedge_rows_total{", labels_of(one.model, one.version), "} ", one.counts.rows, "\n");
  }
}

void add_latency(std::span<const CountedCalls> calls, std::string& out) {
  constexpr std::string_view kName = "kedge_request_duration_microseconds";
  head(kName, "histogram", "From a call's bytes to its answer's.", out);
  for (const CountedCalls& one : calls) {
    if (one.counts.calls() == 0) continue;
    const std::string labels = labels_of(one);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kLatencyBounds; ++i) {
      below += one.counts.latency[i];
      out += text(kName, "_bucket{", labels, ",le=\"", microseconds(latency_bounds()[i]), "\"} ",
                  below, "\n");
    }
    out += text(kName, "_bucket{", labels, ",le=\"+Inf\"} ", one.counts.calls(), "\n");
    out += text(kName, "_sum{", labels, "} ", microseconds(one.counts.nanoseconds), "\n");
    out += text(kName, "_count{", labels, "} ", one.counts.calls(), "\n");
  }
}

using Shadows = std::map<ShadowQueue::Key, ShadowCounts>;

template <class Number>
void add_shadow(std::string_view name, std::string_view type, std::string_view help,
                const Shadows& shadows, Number ShadowCounts::* count, std::string& out) {
  if (shadows.empty()) return;
  head(name, type, help, out);
  for (const auto& [key, counts] : shadows) {
    out += text(name, "{", labels_of(key.first, key.second), "} ", counts.*count, "\n");
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
  head(name, type, help, out);
  out += text(name, " ", value, "\n");
}

void add_admission(const AdmissionCounts& counts, std::string& out) {
  add_one("kedge_calls_in_flight", "gauge", "Calls that were taken on and are not answered yet.",
          counts.in_flight, out);
  add_one("kedge_calls_most", "gauge", "How many of them there may be.", counts.most, out);
  add_one("kedge_calls_refused_total", "counter", "Calls that came when there were that many.",
          counts.refused, out);
}

}  // namespace

std::string exposition(std::span<const CountedCalls> calls, std::span<const ModelStatus> models,
                       const Shadows& shadows, const AdmissionCounts& admission) {
  std::string out;
  add_requests(calls, out);
  add_rows(calls, out);
  add_latency(calls, out);
  head("kedge_model_ready", "gauge", "Whether a model's file is served.", out);
  for (const ModelStatus& model : models) {
    out += text("kedge_model_ready{", labels_of(model.name, model.version), "} ",
                model.is_ready ? 1 : 0, "\n");
  }
  add_shadows(shadows, out);
  add_admission(admission, out);
  return out;
}

}  // namespace kedge
