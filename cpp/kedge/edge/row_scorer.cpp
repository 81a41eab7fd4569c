#include "kedge/edge/row_scorer.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/score/condition_text.h"

namespace kedge::edge {
namespace {

std::vector<std::size_t> places_in(const Schema& schema, const Model& model) {
  std::vector<std::size_t> places;
  for (const Feature& feature : model.bundle().features) {
    places.push_back(find_column(schema, feature.name));
  }
  return places;
}

Schema schema_at(const Schema& schema, std::span<const std::size_t> places) {
  Schema out;
  for (const std::size_t place : places) out.push_back(schema[place]);
  return out;
}

}  // namespace

std::vector<std::string> score_names(const Model& model) {
  if (model.outputs() == 1) return {"score"};
  std::vector<std::string> names;
  names.reserve(model.outputs());
  for (std::size_t k = 0; k < model.outputs(); ++k) names.push_back(text("score_", k));
  return names;
}

RowScorer::RowScorer(const Model& model, const Schema& schema, std::size_t most_rows, bool raw,
                     std::size_t reasons)
    : model_(model),
      places_(places_in(schema, model)),
      schema_(schema_at(schema, places_)),
      features_(places_.size()),
      table_(model.bundle().features, model.category_places(), schema_),
      raw_(raw),
      most_reasons_(reasons),
      values_(most_rows * model.features()),
      narrow_(model.gives_float32() ? most_rows * model.outputs() : 0),
      scores_(most_rows * model.outputs()),
      phi_(reasons == 0 ? 0 : most_rows * model.outputs() * model.features()),
      reasons_(reasons == 0 ? 0 : most_rows) {
  if (reasons != 0) model.explainer();
  // Threads' own memory, and engines, are made by the first call that needs them.
  const Rows none = rows_of(values_, model.features());
  for (const std::size_t count : {std::size_t{1}, most_rows}) {
    model_.score(none.from(0, count),
                 model.gives_float32() ? static_cast<void*>(narrow_.data()) : scores_.data(), raw_);
  }
}

std::span<const double> RowScorer::score(const Batch& rows) {
  for (std::size_t i = 0; i < places_.size(); ++i) features_[i] = &rows.columns[places_[i]];
  read_ = table_.read(features_, 0, rows.length, values_);
  const std::size_t count = rows.length * model_.outputs();
  if (model_.gives_float32()) {
    model_.score(read_, narrow_.data(), raw_);
    std::copy_n(narrow_.begin(), count, scores_.begin());
  } else {
    model_.score(read_, scores_.data(), raw_);
  }
  return std::span(scores_).first(count);
}

std::span<const std::string> RowScorer::reasons() {
  if (most_reasons_ == 0) return {};
  model_.explain(read_, phi_.data());
  const Conditions& conditions = model_.conditions();
  Reasons found(conditions, read_.count, model_.outputs(), {most_reasons_, Toward::kEither});
  model_.find_reasons(read_, phi_.data(), 0, found);
  const Bundle& bundle = model_.bundle();
  for (std::size_t i = 0; i < read_.count; ++i) {
    reasons_[i].clear();
    for (std::size_t k = 0; k < model_.outputs(); ++k) {
      for (const Reason& reason : found.of(i, k)) {
        if (reason.feature == Reason::kNone) continue;
        CategorySet set;
        if (reason.condition.has_categories) {
          set = conditions.categories(reason.feature, found.words(reason));
        }
        if (!reasons_[i].empty()) reasons_[i] += "; ";
        reasons_[i] += condition_text(bundle.features[reason.feature], reason.condition, set,
                                      bundle.forest.reads_float32);
      }
    }
  }
  return std::span(reasons_).first(read_.count);
}

}  // namespace kedge::edge
