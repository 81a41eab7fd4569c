// One function for each stage adds that stage's names to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace kedge {

// Within a catch block, for functions that nanobind does not call: what was thrown becomes Python's
// exception. Returns nullptr.
PyObject* raise_caught() noexcept;

void bind_errors(nanobind::module_& m);
void bind_arrow(nanobind::module_& m);
void bind_expr(nanobind::module_& m);
void bind_signature(nanobind::module_& m);
void bind_sketch(nanobind::module_& m);
void bind_categories(nanobind::module_& m);
void bind_evidence(nanobind::module_& m);
void bind_drift(nanobind::module_& m);
void bind_distance(nanobind::module_& m);
void bind_joint(nanobind::module_& m);
void bind_monitor(nanobind::module_& m);
void bind_detectors(nanobind::module_& m);
void bind_forest(nanobind::module_& m);
void bind_foreign(nanobind::module_& m);
void bind_graph(nanobind::module_& m);
void bind_net_builder(nanobind::module_& m);
void bind_explain(nanobind::module_& m);
void bind_reasons(nanobind::module_& m);
void bind_model(nanobind::module_& m);
void bind_model_header(nanobind::module_& m);
void bind_parity(nanobind::module_& m);
void bind_late(nanobind::module_& m);
void bind_decide(nanobind::module_& m);
void bind_quality(nanobind::module_& m);
void bind_window(nanobind::module_& m);
void bind_as_of(nanobind::module_& m);
void bind_serve(nanobind::module_& m);
void bind_sla(nanobind::module_& m);
void bind_trust(nanobind::module_& m);
void bind_records(nanobind::module_& m);
void bind_fleet(nanobind::module_& m);

}  // namespace kedge
