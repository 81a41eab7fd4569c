#include "kedge/serve/drift_exposition.h"

#include <vector>

#include "kedge/base/text.h"
#include "kedge/serve/drift_watch.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

struct Watched {
  std::string labels;
  DriftState state;
};

std::vector<Watched> watched(const Catalog& catalog) {
  std::vector<Watched> out;
  for (const auto& [name, versions] : catalog.models) {
    for (const auto& [version, served] : versions) {
      if (served.drift) out.push_back({model_labels(name, version), *served.drift->state()});
    }
  }
  return out;
}

struct Family {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};

void add_counts(const Family& family, std::uint64_t DriftState::* count,
                const std::vector<Watched>& models, std::string& out) {
  add_family(family.name, family.type, family.help, out);
  for (const Watched& one : models) {
    out += text(family.name, "{", one.labels, "} ", one.state.*count, "\n");
  }
}

template <class Number>
void add_columns(const Family& family, Number ColumnState::* value,
                 const std::vector<Watched>& models, std::string& out) {
  add_family(family.name, family.type, family.help, out);
  for (const Watched& one : models) {
    for (const ColumnState& column : one.state.columns) {
      out += text(family.name, "{", one.labels, ",column=\"", label_text(column.column), "\"} ",
                  column.*value, "\n");
    }
  }
}

}  // namespace

void add_drift(const Catalog& catalog, std::string& out) {
  const std::vector<Watched> models = watched(catalog);
  if (models.empty()) return;
  add_counts({"kedge_drift_rows_total", "counter", "Rows held against the reference."},
             &DriftState::rows, models, out);
  add_counts({"kedge_drift_rows_missed_total", "counter", "Rows that were not."},
             &DriftState::missed, models, out);
  add_counts({"kedge_drift_window_rows", "gauge", "Rows that the distances are about."},
             &DriftState::window_rows, models, out);
  add_columns({"kedge_drift_distance", "gauge", "From the reference's rows to the window's."},
              &ColumnState::distance, models, out);
  add_columns({"kedge_drift_distance_at_least", "gauge", "Of the populations, with 99 percent."},
              &ColumnState::at_least, models, out);
  add_columns({"kedge_drift_distance_at_most", "gauge", "Likewise."}, &ColumnState::at_most, models,
              out);
  add_columns({"kedge_drift_log_evidence", "gauge", "That a column changed by more than matters."},
              &ColumnState::log_evidence, models, out);
  add_columns({"kedge_drift_log_threshold", "gauge", "What it must reach for an alarm."},
              &ColumnState::log_threshold, models, out);
  add_columns({"kedge_drift_alarms_total", "counter", "Alarms of a column."}, &ColumnState::alarms,
              models, out);
}

}  // namespace kedge
