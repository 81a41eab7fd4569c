#include "kedge/serve/histogram_text.h"

#include "kedge/base/text.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

// With a point in any case, so that a bound is called the same in every format.
std::string thousandths(std::uint64_t value) {
  std::string rest = text(1000 + value % 1000).substr(1);
  while (rest.size() > 1 && rest.ends_with('0')) rest.pop_back();
  return text(value / 1000, ".", rest);
}

void add_exemplar(const CallMetrics* exemplars, std::size_t bucket, std::string& out) {
  if (exemplars == nullptr) return;
  const auto found = exemplars->exemplar(bucket);
  if (!found) return;
  out += text(" # {request_id=\"", label_text(found->id), "\"} ", thousandths(found->nanoseconds),
              " ", thousandths(found->at_ms));
}

}  // namespace

void add_histogram(std::string_view name, const std::string& labels, const CallCounts& counts,
                   const CallMetrics* exemplars, std::string& out) {
  const std::string front = labels.empty() ? labels : labels + ",";
  const std::string whole = labels.empty() ? labels : text("{", labels, "}");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= kLatencyBounds; ++i) {
    below += counts.latency[i];
    out += text(name, "_bucket{", front, "le=\"",
                i == kLatencyBounds ? "+Inf" : thousandths(latency_bounds()[i]), "\"} ", below);
    add_exemplar(exemplars, i, out);
    out += '\n';
  }
  out += text(name, "_sum", whole, " ", thousandths(counts.nanoseconds), "\n");
  out += text(name, "_count", whole, " ", below, "\n");
}

}  // namespace kedge
