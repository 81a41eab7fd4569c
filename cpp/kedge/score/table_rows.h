// The columns of a table as a model's features: found by name, categories by value.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/model/trees.h"
#include "kedge/score/category_places.h"
#include "kedge/score/rows.h"

namespace kedge {

// For the batches of one schema. Numbers of any type are read as doubles and null is NaN. Of a
// feature whose categories have names, a string or number, in a dictionary or not, becomes the
// place of the category that is called so; when none is, NaN or, of kText, that behind the last.
class TableRows {
 public:
  // `places` are the features' and outlive this. Throws InvalidArgument that lists the columns that
  // are missing and those that are too many, or names a column whose type does not fit its feature.
  TableRows(std::span<const Feature> features, std::span<const CategoryPlaces> places,
            const Schema& schema);

  // `length` rows from `first` on, column by column in `values`: features * length numbers.
  Rows read(const Batch& batch, std::size_t first, std::size_t length,
            std::vector<double>& values) const;
  // The same of columns in the schema's order.
  Rows read(std::span<const Column* const> columns, std::size_t first, std::size_t length,
            std::vector<double>& values) const;

 private:
  void read_feature(std::size_t feature, const Column& column, std::size_t first,
                    std::size_t length, double* out) const;

  std::vector<std::size_t> column_;  // of each feature
  std::span<const CategoryPlaces> places_;
};

}  // namespace kedge
