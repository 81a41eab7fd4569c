// Model.explain and what it gives.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <memory>
#include <string>
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
  nanobind::object interactions = nanobind::none();
  const double* data = nullptr;  // of the values
  const double* base_data = nullptr;
};

// Of a NumPy array, a list of rows or a table, as predict reads them. `background` is None, a
// Background of the model, or rows as `x`.
Explanation explain(const Model& model, nanobind::handle x, nanobind::handle background,
                    bool interactions, std::size_t threads);
std::unique_ptr<Background> background_of(const Model& model, nanobind::handle sample);

}  // namespace kedge
