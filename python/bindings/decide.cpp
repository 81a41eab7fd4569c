#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/decide/arm_place.h"
#include "kedge/decide/best_arm.h"
#include "kedge/decide/canary.h"
#include "kedge/decide/shadow.h"
#include "kedge/quality/row_values.h"
#include "kedge/sketch/name_reader.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

nb::dict dict_of(const Decision& decision) {
  static constexpr const char* kWords[] = {"not yet known", "yes", "no"};
  nb::dict out;
  out["verdict"] = kWords[static_cast<std::size_t>(decision.verdict)];
  out["log_evidence_yes"] = decision.log_evidence_yes;
  out["log_evidence_no"] = decision.log_evidence_no;
  out["rows"] = decision.rows;
  out["rows_needed"] = decision.rows_needed;
  return out;
}

// Rows where either loss is missing have no pair.
std::uint64_t update_shadow(Shadow& self, nb::handle data, const std::string& live,
                            const std::string& candidate) {
  std::vector<double> ours;
  std::vector<double> theirs;
  std::uint64_t missing = 0;
  for (const Batch& batch : batches_from(data).batches) {
    const std::vector<double> a = values_of(batch, live, ValueDomain::kNumber);
    const std::vector<double> b = values_of(batch, candidate, ValueDomain::kNumber);
    for (std::size_t row = 0; row < a.size(); ++row) {
      if (is_missing(a[row]) || is_missing(b[row])) {
        ++missing;
        continue;
      }
      ours.push_back(a[row]);
      theirs.push_back(b[row]);
    }
  }
  self.update(ours, theirs);
  return missing;
}

Canary canary_of(const std::vector<std::pair<double, double>>& tolerated, double alpha) {
  std::vector<CanaryRule> rules;
  rules.reserve(tolerated.size());
  for (const auto& [factor, margin] : tolerated) rules.push_back({{factor, margin}, alpha});
  return Canary(std::move(rules));
}

// The rows of one batch; columns without a name are none.
struct CanaryRows {
  std::vector<double> arms;
  std::vector<std::vector<double>> outcomes;
};

CanaryRows canary_rows(const Batch& batch, const std::string& arm, const std::string& error,
                       const std::string& latency, double limit) {
  CanaryRows rows{values_of(batch, arm, ValueDomain::kAnswer), {}};
  if (!error.empty()) rows.outcomes.push_back(values_of(batch, error, ValueDomain::kAnswer));
  if (!latency.empty()) {
    std::vector<double> over = values_of(batch, latency, ValueDomain::kNumber);
    for (double& value : over) {
      if (!is_missing(value)) value = value > limit ? 1 : 0;
    }
    rows.outcomes.push_back(std::move(over));
  }
  return rows;
}

void update_canary(Canary& self, nb::handle data, const std::string& arm, const std::string& error,
                   const std::string& latency, double limit) {
  std::vector<CanaryRows> parts;
  for (const Batch& batch : batches_from(data).batches) {
    parts.push_back(canary_rows(batch, arm, error, latency, limit));
  }
  for (const CanaryRows& rows : parts) {
    for (std::size_t rule = 0; rule < rows.outcomes.size(); ++rule) {
      const std::vector<double>& hits = rows.outcomes[rule];
      for (std::size_t row = 0; row < hits.size(); ++row) {
        if (is_missing(rows.arms[row]) || is_missing(hits[row])) continue;
        self.add(rule, rows.arms[row] != 0, hits[row] != 0);
      }
    }
  }
  self.look();
}

nb::tuple tuple_of(ArmCounts arm) { return nb::make_tuple(arm.hits, arm.rows); }

nb::list outcomes_of(const Canary& self) {
  nb::list out;
  for (std::size_t i = 0; i < self.rule_count(); ++i) {
    const Canary::Outcomes& outcomes = self.outcomes(i);
    out.append(nb::make_tuple(tuple_of(outcomes.live), tuple_of(outcomes.canary)));
  }
  return out;
}

// Rows of arms that are not listed have no part.
void update_arms(BestArm& self, nb::handle data, const std::vector<std::string>& names,
                 const std::string& arm, const std::string& outcome) {
  const CategoryMap listed(names);  // sorted, as the names are
  std::vector<std::vector<std::uint32_t>> arms;
  std::vector<std::vector<double>> outcomes;
  for (const Batch& batch : batches_from(data).batches) {
    arms.push_back(names_of(batch, arm, listed));
    outcomes.push_back(values_of(batch, outcome, ValueDomain::kAnswer));
  }
  for (std::size_t part = 0; part < arms.size(); ++part) {
    for (std::size_t row = 0; row < arms[part].size(); ++row) {
      const double hit = outcomes[part][row];
      if (arms[part][row] < listed.size() && !is_missing(hit)) {
        self.add(arms[part][row], hit != 0);
      }
    }
  }
  self.look();
}

nb::list arms_of(const BestArm& self) {
  nb::list out;
  for (std::size_t arm = 0; arm < self.arm_count(); ++arm) {
    const MeanLimits limits = self.limits(arm);
    const ArmCounts counts = self.counts(arm);
    out.append(nb::make_tuple(counts.rows, counts.hits, limits.lower, limits.upper,
                              self.log_evidence(arm)));
  }
  return out;
}

std::vector<double> places_of(nb::handle keys, const std::string& salt) {
  std::vector<double> places;
  for (const Batch& batch : batches_from(keys).batches) {
    if (batch.columns.size() != 1) throw invalid_argument("keys are one column");
    if (!NameReader::takes(batch.field(0).type)) {
      throw unsupported("keys: ", type_name(batch.field(0).type), " has no names");
    }
    const Column& column = batch.columns.front();
    const NameReader checked(column);
    for (std::size_t row = 0; row < column.length; ++row) {
      // Who has no key is with the live arm, which is the upper end.
      places.push_back(column.is_null(row) ? 1 : place_of_key(salt, name_at(column, row)));
    }
  }
  return places;
}

}  // namespace

void bind_decide(nb::module_& m) {
  nb::class_<Shadow> shadow(m, "ShadowTest", "Paired losses of a live model and a candidate.");
  shadow.def(nb::init<double, double, double>(), "bound"_a, "delta"_a, "alpha"_a, "No row yet.")
      .def("update", update_shadow, "data"_a.none(), "live"_a, "candidate"_a,
           "Take every pair of losses, or none; returns how many rows have no pair.")
      .def(
          "decision", [](const Shadow& self) { return dict_of(self.decision()); },
          nb::sig("def decision(self) -> dict[str, typing.Any]"), "What is shown.")
      .def_prop_ro("mean_difference", &Shadow::mean_difference, "Candidate less live.");
  bind_stored(shadow);
  nb::class_<Canary>(m, "CanaryTest", "Outcomes of live and canary traffic.")
      .def(
          "__init__",
          [](Canary* self, const std::vector<std::pair<double, double>>& tolerated, double alpha) {
            new (self) Canary(canary_of(tolerated, alpha));
          },
          "tolerated"_a, "alpha"_a, "The factor and margin of each outcome.")
      .def("update", update_canary, "data"_a.none(), "arm"_a, "error"_a, "latency"_a, "limit"_a,
           "Count every row, or none when one is wrong, and look.")
      .def(
          "decision", [](const Canary& self) { return dict_of(self.decision()); },
          nb::sig("def decision(self) -> dict[str, typing.Any]"), "What is shown.")
      .def_prop_ro("outcomes", outcomes_of,
                   nb::sig("def outcomes(self) -> list[tuple[tuple[int, int], tuple[int, int]]]"),
                   "Hits and rows of live and canary so far.")
      .def(
          "to_bytes", [](const Canary& self) { return python_bytes(self.to_bytes()); },
          "The stored form.")
      .def_static(
          "from_bytes", [](const nb::bytes& data) { return Canary::from_bytes(bytes_of(data)); },
          "data"_a, "Read the stored form.");
  nb::class_<BestArm>(m, "BestArm", "Arms of traffic and an outcome that is wanted.")
      .def(nb::init<std::size_t, double, double>(), "arms"_a, "margin"_a, "alpha"_a, "No row yet.")
      .def("update", update_arms, "data"_a.none(), "names"_a, "arm"_a, "outcome"_a,
           "Take every row, or none, and look; `names` are the arms', sorted.")
      .def_prop_ro("best", &BestArm::best, "The arm that has won, or the number of arms.")
      .def_prop_ro("level", &BestArm::level, "What an arm's evidence must reach.")
      .def_prop_ro("rows_needed", &BestArm::rows_needed, "About how many more rows it takes.")
      .def_prop_ro("arms", arms_of,
                   nb::sig("def arms(self) -> list[tuple[int, int, float, float, float]]"),
                   "Rows, hits, limits and the logarithm of the evidence of each arm.")
      .def(
          "to_bytes", [](const BestArm& self) { return python_bytes(self.to_bytes()); },
          "The stored form.")
      .def_static(
          "from_bytes", [](const nb::bytes& data) { return BestArm::from_bytes(bytes_of(data)); },
          "data"_a, "Read the stored form.");
  m.def("places_of_keys", places_of, "keys"_a, "salt"_a,
        "Where each key falls between 0 and 1, for ever; 1 without a key.");
}

}  // namespace kedge
