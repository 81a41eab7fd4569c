// The tensors of a request as a model's rows.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kedge/model/trees.h"
#include "kedge/score/category_places.h"
#include "kedge/score/rows.h"
#include "kedge/serve/infer_request.h"

namespace kedge {

// Immutable; `features` are somebody else's. Rows come in one of two forms:
// - one tensor [rows, features] of numbers, by any name; one of FP32 or FP64 is read where it lies;
// - a tensor for each feature, by its name, [rows] or [rows, 1]. Of a feature whose categories have
//   names, BYTES are names, and so are numbers; a name that no category has is NaN.
class TensorRows {
 public:
  // Both outlive this; `places` are the features'.
  TensorRows(std::span<const Feature> features, std::span<const CategoryPlaces> places);

  // Whether a feature's categories have names, which only columns can say.
  bool has_names() const noexcept { return has_names_; }

  // What is not read where it lies becomes doubles in `values`. Throws InvalidArgument that names
  // the tensor and both values.
  Rows read(std::span<const InferTensor> inputs, std::vector<double>& values) const;

 private:
  bool is_feature(std::string_view name) const noexcept;
  Rows read_columns(std::span<const InferTensor> inputs, std::vector<double>& values) const;

  std::span<const Feature> features_;
  std::span<const CategoryPlaces> places_;
  bool has_names_;
};

}  // namespace kedge
