// What a model says of itself: to a program, to a person, to a comparison of data.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/sketch/profile.h"

namespace kedge {

// What `kedge inspect --json` prints: plain data without NaN and infinities.
nanobind::dict info_of(const Model& model);

// One line.
std::string line_of(const Model& model);

// How many nodes ask for each feature; none of a graph's, whose trees see what its steps make.
std::vector<std::uint64_t> uses_of(const Model& model);

std::optional<Profile> reference_of(const Model& model);

// Throws InvalidArgument that lists the features of the model that the profile lacks.
void check_reference(const Model& model, const Profile& profile);

}  // namespace kedge
