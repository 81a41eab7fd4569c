// A bundle that scores: the engines that serve it here, and the check that it answers as it must.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/model/bundle.h"
#include "kedge/score/background.h"
#include "kedge/score/category_places.h"
#include "kedge/score/engine.h"
#include "kedge/score/explain.h"
#include "kedge/score/gradients.h"
#include "kedge/score/interactions.h"
#include "kedge/score/plan.h"
#include "kedge/score/reasons.h"
#include "kedge/score/sampled_background.h"

namespace kedge {

// Runs the graph of a bundle that is not ours; any number of threads may ask one.
class ForeignRuntime {
 public:
  ForeignRuntime() = default;
  ForeignRuntime(const ForeignRuntime&) = delete;
  ForeignRuntime& operator=(const ForeignRuntime&) = delete;
  virtual ~ForeignRuntime() = default;
  // Predictions, which are the raw scores too.
  virtual void score(const Rows& rows, double* out) const = 0;
};

// Immutable; any number of threads may score with one.
class Model {
 public:
  // Throws CorruptData when the bundle's golden rows do not get their scores: to the bit, but from
  // a runtime that is not ours, which promises no bits. Throws Unsupported, that names it, when the
  // bundle wants a runtime and none is given.
  explicit Model(Bundle bundle, std::shared_ptr<const ForeignRuntime> runtime = nullptr);
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const Bundle& bundle() const noexcept { return bundle_; }
  std::size_t features() const noexcept { return bundle_.features.size(); }
  std::size_t outputs() const noexcept { return bundle_.outputs(); }
  bool gives_float32() const noexcept { return bundle_.gives_float32(); }
  std::size_t trees() const noexcept { return bundle_.forest.trees.size(); }
  // A measure of a row's work: trees, each a walk, or what takes about as long.
  std::size_t row_work() const noexcept { return row_work_; }

  // Of each feature, for rows of tables; made when they are first wanted.
  std::span<const CategoryPlaces> category_places() const;

  // The engine that scores calls of so many rows.
  std::string_view engine_name(std::size_t rows) const noexcept {
    if (bundle_.foreign) return bundle_.foreign->runtime;
    return plan_ ? "plan" : place(rows).row->name;
  }

  // `outputs` scores for each row, floats if gives_float32(), else doubles: raw, or as the
  // trainer's predict() gives them. `threads` at most are used, and one for few rows.
  void score(const Rows& rows, void* out, bool raw, std::size_t threads = 1) const;

  // Throws Unsupported for what only models that run here can do.
  void check_ours(std::string_view what) const;
  // Null but of a bundle that wants it.
  const std::shared_ptr<const ForeignRuntime>& runtime() const noexcept { return runtime_; }
  // Null of a model of trees alone.
  const std::shared_ptr<const Plan>& plan() const noexcept { return plan_; }

  // Made when it is first wanted. Throws Unsupported when the model cannot be explained.
  const Explainer& explainer() const;
  // What Explainer::explain gives.
  void explain(const Rows& rows, double* out, std::size_t threads = 1) const;
  // What Background::explain gives. `background` was made for this model's forest.
  void explain(const Background& background, const Rows& rows, double* out,
               std::size_t threads = 1) const;
  // What SampledBackground::explain gives. `background` was made for this model's plan.
  void explain(const SampledBackground& background, const Sampling& sampling, const Rows& rows,
               double* out, double* errors, std::size_t threads = 1) const;
  // What Gradients::explain gives.
  void explain(const SampledBackground& background, const Gradients& gradients, std::size_t points,
               const Rows& rows, double* out, double* errors, std::size_t threads = 1) const;
  // The reference's rows that the bundle keeps. Throws InvalidArgument when it keeps none.
  Rows reference_rows() const;
  // Of those rows; made when it is first wanted. The first is of trees, the second of a plan.
  const Background& reference_background() const;
  const SampledBackground& sampled_reference() const;
  // What Interactions::explain gives. Throws as it and explainer() do.
  void explain_pairs(const Rows& rows, double* out, std::size_t threads = 1) const;

  // What reasons read; made when it is first wanted.
  const Conditions& conditions() const;
  // Adds those of rows first .. first + rows.count - 1, whose contributions explain() gave.
  void find_reasons(const Rows& rows, const double* phi, std::size_t first, Reasons& out,
                    std::size_t threads = 1) const;

 private:
  // Made when it is first wanted: a service that scores row by row needs but one.
  struct Place {
    const EngineRow* row;
    mutable std::once_flag once;
    mutable std::unique_ptr<Engine> engine;
  };
  const Place& place(std::size_t rows) const noexcept;
  const Engine& engine(std::size_t rows) const;
  void check_golden() const;
  void score_part(const Engine* engine, const Rows& rows, void* out, bool raw) const noexcept;

  Bundle bundle_;
  std::shared_ptr<const ForeignRuntime> runtime_;
  std::shared_ptr<const Plan> plan_;  // of a bundle with a graph
  std::size_t row_work_ = 0;
  std::vector<std::unique_ptr<Place>> places_;
  mutable std::once_flag placed_;
  mutable std::vector<CategoryPlaces> category_places_;
  mutable std::once_flag explained_;
  mutable std::unique_ptr<const Explainer> explainer_;
  mutable std::once_flag paired_;
  mutable std::unique_ptr<const Interactions> interactions_;
  mutable std::once_flag compared_;
  mutable std::unique_ptr<const Background> background_;
  mutable std::unique_ptr<const SampledBackground> sampled_;
  mutable std::once_flag asked_;
  mutable std::unique_ptr<const Conditions> conditions_;
};

}  // namespace kedge
