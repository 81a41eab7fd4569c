#include "kedge/serve/server_metrics.h"

#include "kedge/base/text.h"
#include "kedge/serve/histogram_text.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

void add_loads(const Loads::Counts& loads, std::string& out) {
  add_family("kedge_model_loads_total", "counter", "Files of models by what became of them.", out);
  for (const auto& [key, counts] : loads) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      out += text("kedge_model_loads_total{", model_labels(key.first, key.second), ",outcome=\"",
                  kLoadOutcomes[i], "\"} ", counts[i], "\n");
    }
  }
}

template <class Number>
void add_one(std::string_view name, std::string_view type, std::string_view help, Number value,
             std::string& out) {
  add_family(name, type, help, out);
  out += text(name, " ", value, "\n");
}

}  // namespace

void add_batches(std::uint64_t batches, std::uint64_t rows, std::string& out) {
  add_one("kedge_batches_total", "counter", "Batches of calls that waited at the same time.",
          batches, out);
  add_one("kedge_batch_rows_total", "counter", "Rows in them.", rows, out);
}

void add_server_metrics(const ServerCounts& counts, std::string& out) {
  constexpr std::string_view kQueue = "kedge_queue_duration_microseconds";
  add_family(kQueue, "histogram", "From when a call was taken on to when its turn came.", out);
  add_histogram(kQueue, {}, counts.waits, nullptr, out);
  add_loads(counts.loads, out);
  add_one("kedge_slo_objective", "gauge", "Share of calls that shall be answered in time.",
          counts.objective.share, out);
  const auto latency = static_cast<std::uint64_t>(counts.objective.latency.count());
  add_one("kedge_slo_latency_seconds", "gauge", "What in time means.",
          static_cast<double>(latency) * 1e-9, out);
  add_one("kedge_slo_calls_total", "counter", "Calls for scores.", counts.calls.calls, out);
  add_one(
      "kedge_slo_missed_total", "counter",
      "Of them, those that were late, refused for want of room, or failed by the server's fault.",
      counts.calls.missed, out);
  add_family("kedge_slo_burn_rate", "gauge",
             "Share of missed calls in a window over the share that may be missed.", out);
  out += text("kedge_slo_burn_rate{window=\"5m\"} ", counts.burn_5m, "\n");
  out += text("kedge_slo_burn_rate{window=\"1h\"} ", counts.burn_1h, "\n");
}

}  // namespace kedge
