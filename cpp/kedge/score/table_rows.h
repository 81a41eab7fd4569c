// The columns of a table as a model's features: found by name, categories by value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/model/trees.h"
#include "kedge/score/rows.h"

namespace kedge {

// For the batches of one schema. Numbers of any type are read as doubles and null is NaN. Strings
// and dictionaries become the place of their value among the feature's categories, NaN for a value
// that is not there.
class TableRows {
 public:
  // Throws InvalidArgument that lists the columns that are missing and those that are too many, or
  // names a column whose type does not fit its feature.
  TableRows(std::span<const Feature> features, std::shared_ptr<const Schema> schema);

  // `length` rows from `first` on, column by column in `values`: features * length numbers.
  Rows read(const Batch& batch, std::size_t first, std::size_t length,
            std::vector<double>& values) const;

 private:
  void read_names(std::size_t feature, const Column& column, std::size_t first, std::size_t length,
                  double* out) const;

  std::vector<std::size_t> column_;  // of each feature
  std::vector<std::map<std::string, double, std::less<>>> places_;
};

}  // namespace kedge
