#include "model_info.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/model/covers.h"
#include "kedge/score/link.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

constexpr std::size_t kManyRows = 65'536;

nb::object finite(double value) {
  return std::isfinite(value) ? nb::object(nb::float_(value)) : nb::none();
}

nb::dict dict_of(const Parity& parity) {
  nb::dict out;
  out["rows"] = parity.rows;
  out["rows_off"] = parity.rows_off;
  out["largest_difference"] = finite(parity.largest_difference);
  return out;
}

nb::object dict_of(const std::optional<Profile>& profile) {
  if (!profile) return nb::none();
  nb::dict out;
  out["rows"] = profile->row_count();
  out["columns"] = profile->columns().size();
  return out;
}

nb::list features_of(const Model& model) {
  const std::vector<std::uint64_t> uses = uses_of(model);
  nb::list out;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Feature& feature = model.bundle().features[i];
    nb::dict row;
    row["name"] = feature.name;
    constexpr const char* kKinds[] = {"number", "category", "text"};
    row["kind"] = kKinds[static_cast<std::size_t>(feature.kind)];
    row["categories"] = feature.categories.size();
    row["uses"] = uses[i];
    out.append(row);
  }
  return out;
}

// "affine", or "activate: relu".
std::string name_of(const GraphStep& step) {
  if (step.kind != StepKind::kActivate) return std::string(step_name(step.kind));
  return text(step_name(step.kind), ": ", activation_name(static_cast<Activation>(step.option)));
}

nb::list steps_of(const std::optional<Graph>& graph) {
  constexpr const char* kNumberNames[] = {"float32", "float64", "uint8", "int16"};
  nb::list out;
  if (!graph) return out;
  for (const GraphStep& step : graph->steps) {
    nb::dict row;
    row["step"] = name_of(step);
    row["width"] = step.width;
    row["numbers"] = kNumberNames[static_cast<std::size_t>(step.number)];
    out.append(row);
  }
  return out;
}

std::string counted(std::size_t count, std::string_view what) {
  return text(count, " ", what, count == 1 ? "" : "s");
}

}  // namespace

std::vector<std::uint64_t> uses_of(const Model& model) {
  if (model.bundle().graph || model.bundle().foreign)
    return std::vector<std::uint64_t>(model.features());
  return feature_uses(model.bundle().forest);
}

std::optional<Profile> reference_of(const Model& model) {
  if (model.bundle().profile.empty()) return std::nullopt;
  return Profile::from_bytes(model.bundle().profile);
}

void check_reference(const Model& model, const Profile& profile) {
  std::string missing;
  for (const Feature& feature : model.bundle().features) {
    const auto is_it = [&](const ColumnProfile& column) { return column.name == feature.name; };
    if (std::ranges::any_of(profile.columns(), is_it)) continue;
    missing += text(missing.empty() ? "" : ", ", "\"", feature.name, "\"");
  }
  if (!missing.empty()) throw invalid_argument("the profile lacks columns of the model: ", missing);
}

nb::dict info_of(const Model& model) {
  const Bundle& bundle = model.bundle();
  const nb::bytes file = python_bytes(write_bundle(bundle));
  const nb::object digest = nb::module_::import_("hashlib").attr("sha256")(file);
  nb::dict out;
  out["origin"] = bundle.origin;
  out["bytes"] = file.size();
  out["sha256"] = digest.attr("hexdigest")();
  out["trees"] = model.trees();
  out["nodes"] = bundle.forest.nodes.size();
  out["outputs"] = model.outputs();
  out["sums"] = model.gives_float32() ? "float32" : "float64";
  out["link"] = link_name(bundle.forest.link);
  out["steps"] = steps_of(bundle.graph);
  out["not_native"] = bundle.foreign ? nb::cast(bundle.foreign->reasons) : nb::object(nb::list());
  out["covers"] = !bundle.graph && !bundle.foreign && has_covers(bundle.forest);
  out["linear_leaves"] = !bundle.forest.linear.empty();
  out["engines"] = nb::dict();
  out["engines"]["one_row"] = model.engine_name(1);
  out["engines"]["many_rows"] = model.engine_name(kManyRows);
  out["golden_rows"] = bundle.golden.rows.size() / model.features();
  out["parity"] = dict_of(bundle.parity);
  out["background_rows"] = bundle.sample.size() / model.features();
  out["profile"] = dict_of(reference_of(model));
  out["metadata"] = bundle.metadata;
  out["features"] = features_of(model);
  return out;
}

std::string line_of(const Model& model) {
  const Bundle& bundle = model.bundle();
  const std::optional<Profile> profile = reference_of(model);
  const std::string trees =
      text(counted(model.trees(), "tree"), ", ", counted(bundle.forest.nodes.size(), "node"));
  return text("Model of ", bundle.origin, ": ",
              bundle.foreign ? text("run by ", bundle.foreign->runtime)
              : bundle.graph ? counted(bundle.graph->steps.size(), "step")
                             : trees,
              ", ", counted(model.features(), "feature"), ", ", counted(model.outputs(), "output"),
              bundle.graph || bundle.foreign ? "" : text(" (", link_name(bundle.forest.link), ")"),
              profile ? text(", reference of ", counted(profile->row_count(), "row")) : "");
}

}  // namespace kedge
