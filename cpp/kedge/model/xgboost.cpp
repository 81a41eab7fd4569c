#include "kedge/model/xgboost.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kedge/base/bytes.h"
#include "kedge/base/json.h"
#include "kedge/base/math.h"
#include "kedge/model/covers.h"
#include "kedge/model/ubjson.h"
#include "kedge/model/xgboost_tree.h"

namespace kedge {
namespace {

// From the base score, which users give on the scale of predictions, to the scale of raw scores.
enum class Start : std::uint8_t { kSame, kLog, kLogit };

struct Objective {
  std::string_view name;
  Link link;
  Start start;
};

constexpr std::array kObjectives = {
    Objective{"binary:hinge", Link::kStep, Start::kSame},
    Objective{"binary:logistic", Link::kSigmoid, Start::kLogit},
    Objective{"binary:logitraw", Link::kIdentity, Start::kSame},
    Objective{"count:poisson", Link::kExp, Start::kLog},
    Objective{"multi:softmax", Link::kSoftmax, Start::kSame},
    Objective{"multi:softprob", Link::kSoftmax, Start::kSame},
    Objective{"rank:map", Link::kIdentity, Start::kSame},
    Objective{"rank:ndcg", Link::kIdentity, Start::kSame},
    Objective{"rank:pairwise", Link::kIdentity, Start::kSame},
    Objective{"reg:absoluteerror", Link::kIdentity, Start::kSame},
    Objective{"reg:gamma", Link::kExp, Start::kLog},
    Objective{"reg:linear", Link::kIdentity, Start::kSame},
    Objective{"reg:logistic", Link::kSigmoid, Start::kLogit},
    Objective{"reg:pseudohubererror", Link::kIdentity, Start::kSame},
    Objective{"reg:quantileerror", Link::kIdentity, Start::kSame},
    Objective{"reg:squarederror", Link::kIdentity, Start::kSame},
    Objective{"reg:squaredlogerror", Link::kIdentity, Start::kSame},
    Objective{"reg:tweedie", Link::kExp, Start::kLog},
};

const Objective& objective_named(const Value& name) {
  const auto found = std::ranges::find(kObjectives, name.text(), &Objective::name);
  if (found == kObjectives.end()) {
    throw unsupported("XGBoost objective \"", name.text(), "\" is not known to this build");
  }
  return *found;
}

// In XGBoost's precision and order.
float raw_start(float base, Start start) {
  if (start == Start::kSame) return base;
  if (start == Start::kLog) return static_cast<float>(log_of(base));
  constexpr float kEdge = 1e-6F;  // of probabilities that XGBoost takes for 0 and 1
  base = std::clamp(base, kEdge, 1.0F - kEdge);
  return -static_cast<float>(log_of(double{1.0F / base - 1.0F}));
}

// "1.5E0" of all outputs, or "[1.5E0,2E0]" of each: the second since XGBoost 3.1.
std::vector<float> base_scores(const Value& file, std::size_t outputs) {
  std::string_view rest = file.text();
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  std::vector<float> scores;
  while (scores.size() <= outputs) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const auto score = number_of<float>(rest.substr(0, comma));
    if (!score || !std::isfinite(*score)) file.refuse("expected numbers, got \"", file.text(), '"');
    scores.push_back(*score);
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  if (scores.size() == 1) scores.resize(outputs, scores[0]);
  if (scores.size() != outputs) {
    file.refuse("base scores of ", scores.size(), " outputs, the model has ", outputs);
  }
  return scores;
}

void read_version(const Value& file, Forest& forest) {
  const auto version = file.at("version").integers();
  if (version.size() != 3 || version[0] < 2) {
    throw unsupported("an XGBoost model of a version before 2: load and save it with a newer one");
  }
  forest.origin = text("XGBoost ", version[0], '.', version[1], '.', version[2]);
}

// The categories of a column that were named when it was trained, as a data frame names them.
std::vector<std::string> category_names(const Value& file) {
  std::vector<std::string> names;
  const Value values = file.at("values");
  const auto offsets = file.find("offsets");
  if (!offsets) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Value value = values[i];
      names.push_back(value.is_integer() ? text(value.integer()) : text(value.number()));
    }
    return names;
  }
  const auto bytes = values.integers();
  std::string all;
  for (const std::int64_t byte : bytes) all += static_cast<char>(byte);
  const auto ends = offsets->integers();
  for (std::size_t i = 1; i < ends.size(); ++i) {
    if (ends[i - 1] < 0 || ends[i] < ends[i - 1] || ends[i] > std::ssize(all)) {
      offsets->refuse("element ", i, " is ", ends[i], " of ", all.size());
    }
    const auto start = static_cast<std::size_t>(ends[i - 1]);
    names.push_back(all.substr(start, static_cast<std::size_t>(ends[i]) - start));
    if (!is_utf8(names.back())) offsets->refuse("category ", i - 1, " is not UTF-8");
  }
  return names;
}

// Names, types and categories may be missing; then they are made up.
void read_features(const Value& learner, const Value& model, std::uint32_t count, Forest& forest) {
  const auto list = [&](const std::optional<Value>& found) -> std::optional<Value> {
    if (!found || found->size() == 0) return std::nullopt;
    if (found->size() != count) found->refuse(found->size(), " of ", count, " features");
    return found;
  };
  const auto names = list(learner.find("feature_names"));
  const auto types = list(learner.find("feature_types"));
  const auto cats = model.find("cats");
  const auto categories = list(cats ? cats->find("enc") : std::nullopt);
  forest.features.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Feature& feature = forest.features[i];
    feature.name = names ? std::string((*names)[i].text()) : text('f', i);
    if (types && (*types)[i].text() == "c") feature.kind = FeatureKind::kCategory;
    if (categories) feature.categories = category_names((*categories)[i]);
  }
}

// Where the trees are, and the weights of those that have one.
struct Booster {
  Value model;
  std::vector<double> weights;
};

Booster booster_of(const Value& file) {
  const std::string_view name = file.at("name").text();
  if (name == "gbtree") {
    const Value model = file.at("model");
    const auto weights = model.find("weight_drop");  // here since XGBoost 3.4
    return {model, weights ? weights->numbers() : std::vector<double>{}};
  }
  if (name == "dart") {
    return {file.at("gbtree").at("model"), file.at("weight_drop").numbers()};
  }
  throw unsupported("XGBoost booster \"", name, "\", gbtree and dart are wanted");
}

void read_trees(const Booster& booster, Forest& forest) {
  const Value trees = booster.model.at("trees");
  const auto outputs = booster.model.at("tree_info").integers();
  if (outputs.size() != trees.size()) {
    trees.refuse(trees.size(), " trees, tree_info has ", outputs.size());
  }
  if (booster.weights.size() > trees.size()) {
    trees.refuse(trees.size(), " trees, weight_drop has ", booster.weights.size());
  }
  std::vector<bool> there(trees.size());
  forest.trees.resize(trees.size());
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Value id = trees[i].at("id");
    const auto at = static_cast<std::size_t>(id.integer());
    if (at >= there.size() || there[at]) id.refuse("tree ", at, " of ", there.size(), ", or twice");
    there[at] = true;
    if (outputs[at] < 0 || outputs[at] >= forest.outputs) {
      trees.refuse("tree ", at, " adds to output ", outputs[at], " of ", forest.outputs);
    }
    const double weight = at < booster.weights.size() ? booster.weights[at] : 1;
    forest.trees[at] = read_xgboost_tree(trees[i], static_cast<float>(weight),
                                         static_cast<std::uint32_t>(outputs[at]), forest);
    const std::size_t leaves = forest.trees[at].nodes.size() + 1;
    const auto width = static_cast<std::uint32_t>(forest.trees[at].leaves.size() / leaves);
    if (i > 0 && width != forest.leaf_width) {
      trees[i].refuse("leaves of ", width, " values, other trees have ", forest.leaf_width);
    }
    forest.leaf_width = width;
  }
}

Forest forest_of(const Value& root) {
  Forest forest;
  forest.reads_float32 = forest.sums_float32 = true;
  const Value learner = root.at("learner");
  read_version(root, forest);
  const Booster booster = booster_of(learner.at("gradient_booster"));
  const Objective& objective = objective_named(learner.at("objective").at("name"));
  forest.link = objective.link;
  const Value params = learner.at("learner_model_param");
  const std::uint32_t targets = xgboost_count(params, "num_target", kMostOutputs);
  const std::uint32_t classes = xgboost_count(params, "num_class", kMostOutputs);
  forest.outputs = std::max({targets, classes, std::uint32_t{1}});
  forest.bias.assign(forest.outputs, 0);
  for (const float base : base_scores(params.at("base_score"), forest.outputs)) {
    forest.start.push_back(double{raw_start(base, objective.start)});
  }
  const std::uint32_t features = xgboost_count(params, "num_feature", kMostFeatures);
  read_features(learner, booster.model, features, forest);
  read_trees(booster, forest);
  finish_covers(forest);
  check(forest);
  return forest;
}

// Both formats begin with '{'; in UBJSON, the type of a length or of the object's values follows.
bool is_ubjson(std::string_view data) {
  return data.size() >= 2 && data[0] == '{' &&
         std::string_view("iUIlL$#N").find(data[1]) != std::string_view::npos;
}

}  // namespace

Forest import_xgboost(std::span<const std::byte> data) {
  if (as_text(data).starts_with("binf")) {
    throw unsupported("XGBoost's old binary format: save the model as .json or .ubj");
  }
  const Document document = is_ubjson(as_text(data)) ? read_ubjson(data) : read_json(as_text(data));
  return forest_of(document.root());
}

}  // namespace kedge
