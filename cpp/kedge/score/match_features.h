// Which column is which feature, by name.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/model/trees.h"

namespace kedge {

// Of each feature the place of its name. Throws InvalidArgument that lists the columns that are
// missing, and those that are too many or there twice.
std::vector<std::size_t> match_features(std::span<const Feature> features,
                                        std::span<const std::string_view> names);

}  // namespace kedge
