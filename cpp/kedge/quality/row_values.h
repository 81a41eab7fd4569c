// The rows of a batch as quality counts them: checked numbers, with what is missing marked.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/quality/spec.h"
#include "kedge/sketch/category_map.h"

namespace kedge {

// A value that is not there: null or NaN in the column.
inline constexpr double kMissingValue = std::numeric_limits<double>::quiet_NaN();
inline bool is_missing(double value) noexcept { return value != value; }

// A weight may not make a sum of squares infinite.
inline constexpr double kLargestWeight = 1e7;

// What a column must hold.
enum class ValueDomain : std::uint8_t { kAnswer, kScore, kNumber, kWeight };

// The column as doubles, kMissingValue where nothing is. Throws InvalidArgument that names the row
// and the value for one outside of the domain, Unsupported for a type that has no numbers.
std::vector<double> values_of(const Batch& batch, const std::string& name, ValueDomain domain);

// As values_of, and none of them is missing.
std::vector<double> weights_of(const Batch& batch, const std::string& name);

// The columns' scores, row by row. Those of a row that has them all add up to 1, to one part in a
// hundred: shares may have been rounded. Throws as values_of does.
std::vector<double> shares_of(const Batch& batch, const std::vector<std::string>& columns);

// The slot of each row's name in `names`. Throws as values_of does.
std::vector<std::uint32_t> names_of(const Batch& batch, const std::string& name,
                                    const CategoryMap& names);

}  // namespace kedge
