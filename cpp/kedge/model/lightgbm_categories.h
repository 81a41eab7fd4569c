// The names of categories, which LightGBM's Python package writes behind a model.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "kedge/base/document.h"
#include "kedge/model/trees.h"

namespace kedge {

// The columns in the value of the parameter categorical_feature, "1,3,4", in rising order; nothing
// when it is written in another way.
std::optional<std::vector<std::size_t>> category_columns(std::string_view text,
                                                         std::size_t features);

// `lists` is pandas_categorical: null, or the categories of each column of a data frame that had
// some, in their order. Which column a list belongs to is not written. It is known when there are
// as many lists as category columns; otherwise, as with ordered categories, features have no names.
void add_category_names(const std::vector<std::size_t>& columns, const Value& lists,
                        Forest& forest);

}  // namespace kedge
