// Model.reasons and what it gives.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"

namespace kedge {

// The reasons of rows x outputs, spelled when they are asked for.
struct RowReasons {
  nanobind::object model;  // Python's, whose names they have
  std::size_t rows = 0;
  std::vector<double> base;
  Reasons found;
};

// As Model.explain reads its arguments. `toward` is None, "up" or "down".
RowReasons find_reasons(const Model& model, nanobind::handle x, std::size_t top,
                        std::optional<std::string_view> toward, nanobind::handle background,
                        std::size_t threads);

}  // namespace kedge
