// Model.explain and what it gives.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"

namespace kedge {

// Contributions of rows x outputs x features.
struct Explanation {
  std::vector<std::string> names;  // of the features
  std::size_t rows = 0;
  std::size_t outputs = 1;
  nanobind::object values;  // NumPy's; without a dimension for outputs when there is but one
  nanobind::object base;
  nanobind::object errors = nanobind::none();
  nanobind::object interactions = nanobind::none();
  const double* data = nullptr;  // of the values
  const double* base_data = nullptr;
};

// What explanations are against: nothing, or a background, which may be made for the call.
class Against {
 public:
  // `background` is None, "reference", what Model.background gave, or rows as predict reads them.
  Against(const Model& model, nanobind::handle background);
  // At most one of the two is there: the second of a model that is a graph of steps.
  const Background* background() const noexcept { return chosen_; }
  const SampledBackground* sampled() const noexcept { return sampled_; }
  const std::vector<double>& base(const Model& model) const {
    if (sampled_ != nullptr) return sampled_->base();
    return chosen_ != nullptr ? chosen_->base() : model.explainer().base();
  }

 private:
  void choose(const Model& model, nanobind::handle background);

  nanobind::object made_;
  const Background* chosen_ = nullptr;
  const SampledBackground* sampled_ = nullptr;
};

// Of what predict reads.
Explanation explain(const Model& model, nanobind::handle x, nanobind::handle background,
                    bool interactions, std::string_view method, std::size_t rounds,
                    std::optional<double> deadline_ms, std::size_t threads);
// A Background or a SampledBackground.
nanobind::object background_of(const Model& model, nanobind::handle sample);

// Rows x outputs x columns, or rows x columns of one output.
nanobind::object shaped(nanobind::object matrix, std::size_t rows, std::size_t outputs,
                        std::size_t columns);

}  // namespace kedge
