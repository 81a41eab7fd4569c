#include "kedge/model/bundle.h"

#include <type_traits>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/text.h"
#include "kedge/model/graph_sections.h"
#include "kedge/model/sections.h"

namespace kedge {
namespace {

constexpr std::uint32_t kForestVersion = 1;  // what every build reads
constexpr std::uint32_t kGraphVersion = 2;
constexpr std::uint32_t kVersion = 3;  // with a graph of another runtime
constexpr std::string_view kCovers = "covers";
constexpr std::string_view kSample = "sample";
constexpr std::string_view kForeign = "foreign";
constexpr std::string_view kForeignGraph = "onnx";
// A file's numbers must not claim memory that the file does not hold.
constexpr std::uint64_t kMostGoldenRows = 4096;

// The structs of the forest are stored as they are: no padding, little-endian.
static_assert(std::has_unique_object_representations_v<CutTable> && sizeof(CutTable) == 16);
static_assert(std::has_unique_object_representations_v<Slot> && sizeof(Slot) == 8);
static_assert(std::has_unique_object_representations_v<RankNode> && sizeof(RankNode) == 16);
static_assert(std::has_unique_object_representations_v<RankTree> && sizeof(RankTree) == 24);
static_assert(std::is_trivially_copyable_v<LinearSpan> && sizeof(LinearSpan) == 24);
static_assert(std::is_trivially_copyable_v<LinearTerm> && sizeof(LinearTerm) == 16);

std::vector<std::byte> schema_bytes(const Bundle& bundle) {
  ByteWriter out;
  out.write_string(bundle.origin);
  out.write_varint(bundle.features.size());
  for (const Feature& feature : bundle.features) {
    out.write_string(feature.name);
    out.write(static_cast<std::uint8_t>(feature.kind));
    out.write_varint(feature.categories.size());
    for (const std::string& category : feature.categories) out.write_string(category);
  }
  return out.take();
}

void read_schema(std::span<const std::byte> bytes, Bundle& bundle) {
  ByteReader reader(bytes, "section \"schema\"");
  bundle.origin = reader.read_string();
  const std::uint64_t features = reader.read_varint();
  if (features > kMostFeatures) {
    throw corrupt_data(reader.section(), ": ", features, " features of at most ", kMostFeatures);
  }
  for (std::uint64_t i = 0; i < features; ++i) {
    Feature& feature = bundle.features.emplace_back();
    feature.name = reader.read_string();
    const auto kind = reader.read<std::uint8_t>();
    if (kind > static_cast<std::uint8_t>(FeatureKind::kText)) {
      throw corrupt_data(reader.section(), ": feature ", i, " is of kind ", kind);
    }
    feature.kind = static_cast<FeatureKind>(kind);
    const std::uint64_t categories = reader.read_varint();
    for (std::uint64_t j = 0; j < categories; ++j) {
      feature.categories.emplace_back(reader.read_string());
    }
  }
  reader.expect_end();
  if (!is_utf8(bundle.origin)) throw corrupt_data(reader.section(), ": the origin is not UTF-8");
  check_names(bundle.features);
}

std::vector<std::byte> scoring_bytes(const Scoring& scoring) {
  ByteWriter out;
  out.write(static_cast<std::uint8_t>(scoring.reads_float32));
  out.write(static_cast<std::uint8_t>(scoring.sums_float32));
  out.write(static_cast<std::uint8_t>(scoring.category_rule));
  out.write(static_cast<std::uint8_t>(scoring.link));
  out.write(scoring.outputs);
  out.write(scoring.leaf_width);
  out.write(scoring.link_scale);
  out.write(scoring.divisor);
  out.write(scoring.scale);
  out.write(scoring.sum_of);
  for (const double start : scoring.start) out.write(start);
  for (const double bias : scoring.bias) out.write(bias);
  return out.take();
}

void read_scoring(std::span<const std::byte> bytes, Scoring& scoring) {
  ByteReader reader(bytes, "section \"scoring\"");
  const auto up_to = [&](std::uint8_t most) {
    const auto value = reader.read<std::uint8_t>();
    if (value > most) {
      throw corrupt_data(reader.section(), ": ", value, " at ", reader.position() - 1, " exceeds ",
                         most);
    }
    return value;
  };
  scoring.reads_float32 = up_to(1) != 0;
  scoring.sums_float32 = up_to(1) != 0;
  scoring.category_rule =
      static_cast<CategoryRule>(up_to(static_cast<std::uint8_t>(kLastCategoryRule)));
  scoring.link = static_cast<Link>(up_to(static_cast<std::uint8_t>(kLastLink)));
  scoring.outputs = reader.read<std::uint32_t>();
  scoring.leaf_width = reader.read<std::uint32_t>();
  scoring.link_scale = reader.read<double>();
  scoring.divisor = reader.read<double>();
  scoring.scale = reader.read<double>();
  scoring.sum_of = reader.read<double>();
  if (scoring.outputs > kMostOutputs) {
    throw corrupt_data(reader.section(), ": ", scoring.outputs, " outputs of at most ",
                       kMostOutputs);
  }
  for (std::uint32_t k = 0; k < scoring.outputs; ++k)
    scoring.start.push_back(reader.read<double>());
  for (std::uint32_t k = 0; k < scoring.outputs; ++k) scoring.bias.push_back(reader.read<double>());
  reader.expect_end();
}

// Floats or doubles: their length says which. What is neither is refused by the forest's check.
CoverTable read_covers(const SectionReader& file, const RankedForest& forest) {
  const std::size_t leaves = forest.nodes.size() + forest.trees.size();  // nothing is checked yet
  if (file.section(kCovers).size() == leaves * sizeof(float)) {
    return {file.values<float>(kCovers), {}};
  }
  return {{}, file.values<double>(kCovers)};
}

void read_forest(const SectionReader& file, RankedForest& forest) {
  read_scoring(file.section("scoring"), forest);
  forest.tables = file.values<CutTable>("tables");
  forest.cuts = file.values<double>("cuts");
  forest.slots = file.values<Slot>("slots");
  forest.nodes = file.values<RankNode>("nodes");
  forest.trees = file.values<RankTree>("trees");
  forest.leaves = file.values<double>("leaves");
  forest.bits = file.values<std::uint32_t>("bits");
  forest.linear = file.values<LinearSpan>("linear");
  forest.terms = file.values<LinearTerm>("terms");
  if (file.has(kCovers)) forest.covers = read_covers(file, forest);
  check(forest);
}

void write_forest(const RankedForest& forest, SectionWriter& file) {
  file.add("scoring", scoring_bytes(forest));
  file.add("tables", std::as_bytes(forest.tables));
  file.add("cuts", std::as_bytes(forest.cuts));
  file.add("slots", std::as_bytes(forest.slots));
  file.add("nodes", std::as_bytes(forest.nodes));
  file.add("trees", std::as_bytes(forest.trees));
  file.add("leaves", std::as_bytes(forest.leaves));
  file.add("bits", std::as_bytes(forest.bits));
  file.add("linear", std::as_bytes(forest.linear));
  file.add("terms", std::as_bytes(forest.terms));
  if (!forest.covers.floats.empty()) file.add(kCovers, std::as_bytes(forest.covers.floats));
  if (!forest.covers.doubles.empty()) file.add(kCovers, std::as_bytes(forest.covers.doubles));
}

std::vector<std::byte> golden_bytes(const Golden& golden, std::size_t features) {
  ByteWriter out;
  out.write(static_cast<std::uint64_t>(features == 0 ? 0 : golden.rows.size() / features));
  for (const double value : golden.rows) out.write(value);
  for (const double value : golden.raw) out.write(value);
  return out.take();
}

Golden read_golden(std::span<const std::byte> bytes, const Bundle& bundle) {
  ByteReader reader(bytes, "section \"golden\"");
  const auto rows = reader.read<std::uint64_t>();
  if (rows > kMostGoldenRows) {
    throw corrupt_data(reader.section(), ": ", rows, " rows of at most ", kMostGoldenRows);
  }
  Golden golden;
  const auto read = [&](std::vector<double>& into, std::uint64_t count) {
    if (count > reader.remaining() / sizeof(double)) {
      throw corrupt_data(reader.section(), ": ", count, " values do not fit ", reader.remaining(),
                         " bytes");
    }
    into.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) into.push_back(reader.read<double>());
  };
  read(golden.rows, rows * bundle.features.size());
  read(golden.raw, rows * bundle.outputs());
  reader.expect_end();
  return golden;
}

std::vector<std::byte> about_bytes(const Bundle& bundle) {
  ByteWriter out;
  out.write(bundle.parity.rows);
  out.write(bundle.parity.rows_off);
  out.write(bundle.parity.largest_difference);
  out.write_varint(bundle.metadata.size());
  for (const auto& [key, value] : bundle.metadata) {
    out.write_string(key);
    out.write_string(value);
  }
  return out.take();
}

void read_about(std::span<const std::byte> bytes, Bundle& bundle) {
  ByteReader reader(bytes, "section \"about\"");
  bundle.parity.rows = reader.read<std::uint64_t>();
  bundle.parity.rows_off = reader.read<std::uint64_t>();
  bundle.parity.largest_difference = reader.read<double>();
  const std::uint64_t entries = reader.read_varint();
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::string key(reader.read_string());
    if (!bundle.metadata.empty() && key <= bundle.metadata.rbegin()->first) {
      throw corrupt_data(reader.section(), ": key \"", key, "\" does not rise");
    }
    const std::string value(reader.read_string());
    if (!is_utf8(key) || !is_utf8(value)) {
      throw corrupt_data(reader.section(), ": \"", key, "\" is not UTF-8, or its value");
    }
    bundle.metadata.emplace(key, value);
  }
  reader.expect_end();
}

std::vector<double> read_sample(const SectionReader& file, std::size_t features) {
  const std::span<const double> values = file.values<double>(kSample);
  if (values.empty() || values.size() % features != 0 ||
      values.size() / features > kMostSampleRows) {
    throw corrupt_data("section \"", kSample, "\": ", values.size(), " values are not 1 to ",
                       kMostSampleRows, " rows of ", features, " features");
  }
  return {values.begin(), values.end()};
}

std::vector<std::byte> foreign_bytes(const Foreign& foreign) {
  ByteWriter out;
  out.write_string(foreign.runtime);
  out.write(foreign.outputs);
  out.write_varint(foreign.reasons.size());
  for (const std::string& reason : foreign.reasons) out.write_string(reason);
  return out.take();
}

Foreign read_foreign(const SectionReader& file) {
  ByteReader reader(file.section(kForeign), "section \"foreign\"");
  Foreign foreign;
  foreign.runtime = reader.read_string();
  foreign.outputs = reader.read<std::uint32_t>();
  const std::uint64_t reasons = reader.read_varint();
  for (std::uint64_t i = 0; i < reasons; ++i) foreign.reasons.emplace_back(reader.read_string());
  reader.expect_end();
  if (foreign.outputs == 0 || foreign.outputs > kMostOutputs) {
    throw corrupt_data(reader.section(), ": ", foreign.outputs, " outputs, 1 to ", kMostOutputs,
                       " are possible");
  }
  bool is_text = is_utf8(foreign.runtime);
  for (const std::string& reason : foreign.reasons) is_text = is_text && is_utf8(reason);
  if (!is_text) throw corrupt_data(reader.section(), ": it has text that is not UTF-8");
  const auto graph = file.section(kForeignGraph);
  foreign.graph.assign(graph.begin(), graph.end());
  return foreign;
}

}  // namespace

void check_trees(const Graph& graph, const RankedForest& forest) {
  const NumberKind number = forest.sums_float32 ? NumberKind::kFloat : NumberKind::kDouble;
  for (const GraphStep& step : graph.steps) {
    if (step.kind != StepKind::kTrees && step.kind != StepKind::kLink) continue;
    const bool reads_all =
        step.kind == StepKind::kLink || graph.width(graph.input(step, 0)) == forest.features;
    if (forest.trees.empty() || step.width != forest.outputs || step.number != number ||
        !reads_all) {
      throw corrupt_data("graph: a step of ", step_name(step.kind), " of width ", step.width,
                         " does not fit a forest of ", forest.trees.size(), " trees, ",
                         forest.features, " features and ", forest.outputs, " outputs");
    }
  }
}

std::vector<std::byte> write_bundle(const Bundle& bundle) {
  SectionWriter file;
  file.add("schema", schema_bytes(bundle));
  if (bundle.graph) write_graph(*bundle.graph, file);
  if (bundle.foreign) {
    file.add(kForeign, foreign_bytes(*bundle.foreign));
    file.add(kForeignGraph, bundle.foreign->graph);
  } else if (!bundle.graph || !bundle.forest.trees.empty()) {
    write_forest(bundle.forest, file);
  }
  file.add("golden", golden_bytes(bundle.golden, bundle.features.size()));
  file.add("about", about_bytes(bundle));
  file.add("profile", bundle.profile);
  if (!bundle.sample.empty()) file.add(kSample, std::as_bytes(std::span(bundle.sample)));
  if (bundle.foreign) return file.finish(kVersion);
  return file.finish(bundle.graph ? kGraphVersion : kForestVersion);
}

Bundle read_bundle(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  const SectionReader file(bytes, kVersion);
  Bundle bundle;
  read_schema(file.section("schema"), bundle);
  bundle.forest.features = static_cast<std::uint32_t>(bundle.features.size());
  const bool is_foreign = file.version() > kGraphVersion;
  const bool has_graph = file.version() == kGraphVersion;
  if (is_foreign) bundle.foreign = read_foreign(file);
  if (has_graph) {
    bundle.graph = read_graph(file, static_cast<std::uint32_t>(bundle.features.size()));
    bundle.graph->owner = owner;
    if (const std::uint32_t width = tree_features(*bundle.graph); width > 0) {
      bundle.forest.features = width;
    }
  }
  if (!is_foreign && (!has_graph || file.has("trees"))) {
    read_forest(file, bundle.forest);
    bundle.forest.owner = std::move(owner);
  }
  if (has_graph) check_trees(*bundle.graph, bundle.forest);
  bundle.golden = read_golden(file.section("golden"), bundle);
  read_about(file.section("about"), bundle);
  const auto profile = file.section("profile");
  bundle.profile.assign(profile.begin(), profile.end());
  if (file.has(kSample)) bundle.sample = read_sample(file, bundle.features.size());
  return bundle;
}

}  // namespace kedge
