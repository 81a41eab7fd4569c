// The names of categories, which LightGBM's Python package writes behind a model.
#pragma once

#include <string_view>

#include "kedge/model/trees.h"

namespace kedge {

// `columns` is the value of the parameter categorical_feature, "1,3,4"; `names` is the JSON of
// pandas_categorical: the categories of each column of a data frame that had some, in their order.
// Which column a list belongs to is not written. It is known when there are as many lists as
// category features; otherwise, as with ordered categories, features are left without names.
void add_category_names(std::string_view columns, std::string_view names, Forest& forest);

}  // namespace kedge
