// Conditions as people read them, with the schema's names.
#pragma once

#include <string>

#include "kedge/model/trees.h"
#include "kedge/score/conditions.h"

namespace kedge {

// Of more categories only the row's own is named.
inline constexpr std::size_t kMostNamedCategories = 12;

// "income <= 31200", "2 < rooms <= 4", "country in {DE, FR}", "country = DE or 37 like it",
// "age missing", "age not missing". Of the two ways to write a bound the shorter one: no number
// lies between them. What is zero to a trainer (kZeroBound) is written 0.
std::string condition_text(const Feature& feature, const Condition& condition,
                           const CategorySet& set, bool is_float32);

// What a category is called: its name, or its number.
std::string category_name(const Feature& feature, double category);

}  // namespace kedge
