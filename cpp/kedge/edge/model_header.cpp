#include "kedge/edge/model_header.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/text.h"
#include "kedge/edge/constants.h"
#include "kedge/edge/forest_constants.h"
#include "kedge/sketch/flat_column.h"
#include "kedge/sketch/profile.h"

namespace kedge {
namespace {

void check_name(std::string_view name) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const bool is_word = std::ranges::all_of(
      name, [&](char c) { return is_letter(c) || c == '_' || (c >= '0' && c <= '9'); });
  if (name.empty() || !is_word || !is_letter(name.front())) {
    throw invalid_argument("name \"", name, "\": letters, digits and _ are wanted, a letter first");
  }
}

void check_bundle(const Bundle& bundle) {
  if (bundle.foreign) {
    throw unsupported("a model that runs in ", bundle.foreign->runtime, " cannot be constants");
  }
  if (bundle.graph) throw unsupported("a model of steps cannot be constants; one of trees can");
  if (!bundle.forest.linear.empty()) {
    throw unsupported("linear leaves cannot be constants; leaves that are values can");
  }
}

// The numbers of a plan in the order in which CellPlan declares them. What it points into is
// written before.
class ColumnConstants {
 public:
  explicit ColumnConstants(ModelHeader& header) : header_(header) {}

  void add(std::uint32_t feature, const std::string& name, const CellPlan& plan) {
    const std::size_t number = columns_.size();
    std::string parts = "nullptr";
    std::string keys = "nullptr";
    if (plan.part_count > 0) parts = write_parts(text("kParts", number), plan);
    if (plan.levels > 0) keys = write_keys(text("kKeys", number), plan);
    columns_.push_back(text("\n    ", braced(feature, counters_, plan_of(plan, parts, keys))));
    counters_ += plan.cells + kExtraSlots;
    header_.columns.push_back(name);
  }

  void finish() {
    header_.column_bytes += columns_.size() * (8 + sizeof(CellPlan) - 2 * (sizeof(void*) - 4));
    header_.counter_bytes = counters_ * sizeof(std::uint32_t);
    write_array(header_.text, "kedge::FlatColumn", "kColumns",
                std::span<const std::string>(columns_));
    if (columns_.empty()) {
      header_.text += "inline constexpr const kedge::FlatColumn* kColumns = nullptr;\n";
    }
    header_.text += text("inline constexpr std::uint32_t kColumnCount = ", columns_.size(),
                         ";\ninline constexpr std::uint32_t kCounters = ", counters_, ";\n");
  }

 private:
  std::string write_parts(const std::string& name, const CellPlan& plan) {
    write_array(header_.text, "kedge::CellPart", name,
                std::span<const CellPart>(plan.parts, plan.part_count), [](const CellPart& part) {
                  return braced(part.offset, part.scale, part.first, part.last);
                });
    header_.column_bytes += plan.part_count * sizeof(CellPart);
    return name;
  }

  // All levels are full: the last one has nine nodes for each node of the one above.
  std::string write_keys(const std::string& name, const CellPlan& plan) {
    std::size_t nodes = 1;
    for (std::uint32_t level = 1; level < plan.levels; ++level) nodes *= kCutsPerNode + 1;
    const std::size_t count = plan.level_start[plan.levels - 1] + nodes * kCutsPerNode;
    write_array(header_.text, "double", name, std::span<const double>(plan.keys, count));
    header_.column_bytes += count * sizeof(double);
    return name;
  }

  static std::string plan_of(const CellPlan& plan, const std::string& parts,
                             const std::string& keys) {
    const auto list = [](const auto& values) {
      std::string out;
      for (const auto& value : values) {
        append_text(out, out.empty() ? '{' : ',');
        append_text(out, constant_of(value));
      }
      return out + "}";
    };
    const std::string kind = text("kedge::CellKind{", static_cast<std::uint32_t>(plan.kind), "}");
    return braced(kind, plan.cells, plan.low, plan.high, plan.atom_count, list(plan.atoms),
                  plan.origin, plan.scale, plan.first, plan.last, plan.bend, plan.bend_bits,
                  plan.multiplier, plan.middle, parts, plan.part_count, keys, plan.levels,
                  list(plan.level_start));
  }

  ModelHeader& header_;
  std::vector<std::string> columns_;
  std::uint32_t counters_ = 0;
};

void write_columns(const Bundle& bundle, ModelHeader& header) {
  ColumnConstants columns(header);
  if (!bundle.profile.empty()) {
    std::map<std::string_view, std::uint32_t> places;
    for (const Feature& feature : bundle.features) {
      places.emplace(feature.name, static_cast<std::uint32_t>(places.size()));
    }
    const Profile reference = Profile::from_bytes(bundle.profile);
    for (const ColumnProfile& column : reference.columns()) {
      const auto place = places.find(column.name);
      const auto* counts = std::get_if<Histogram>(&column.counts);
      if (counts == nullptr || place == places.end()) {
        header.uncounted.push_back(column.name);
      } else {
        columns.add(place->second, column.name, counts->map().plan());
      }
    }
  }
  columns.finish();
}

}  // namespace

ModelHeader model_header(const Bundle& bundle, const ModelHeaderOptions& options) {
  check_name(options.name);
  check_bundle(bundle);
  ModelHeader header;
  header.text = text(
      "// A model as constants, for boards: docs/pipelines.md, \"On a microcontroller\".\n"
      "// Compile with -ffp-contract=off, without which scores may be other than everywhere else.\n"
      "#pragma once\n\n#include <cstdint>\n\n#include \"kedge/score/flat_forest.h\"\n"
      "#include \"kedge/sketch/flat_column.h\"\n\nnamespace ",
      options.name, " {\n\n");
  header.forest_bytes = write_forest(header.text, bundle.forest, options.rows_are_double);
  header.text +=
      text("inline constexpr std::uint32_t kFeatures = ", bundle.features.size(),
           ";\ninline constexpr std::uint32_t kSlotCount = ", bundle.forest.slots.size(), ";\n\n");
  write_columns(bundle, header);
  header.text += text("\n}  // namespace ", options.name, "\n");
  return header;
}

}  // namespace kedge
