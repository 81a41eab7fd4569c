// How a model's rows come and its answers go.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/serve/datatype.h"
#include "kedge/serve/tensor_rows.h"

namespace kedge {

struct TensorShape {
  std::string_view name;  // the model's
  DataType datatype = DataType::kFp64;
  std::vector<std::int64_t> shape;  // -1 for the rows
};

// Made once for a model, which must outlive it. What it can be asked for:
//
// score          [rows, outputs]            as the trainer's predict() gives it
// raw            [rows, outputs]            before the link
// probabilities  [rows, classes]            of a classifier; of two classes the first one's as well
// label          [rows, 1]                  the place of the most probable class, first of equals
// contributions  [rows, outputs, features]  what each feature adds to the raw score; of trees
// base           [outputs]                  what they are added to
//
// The first three are FP32 when the model sums floats and FP64 otherwise, label is INT64, the last
// two are FP64.
struct ModelForm {
  explicit ModelForm(const Model& model);

  TensorRows rows;
  std::size_t classes;  // 0 unless the model is known to be a classifier
  // One tensor of all features, or one for each when names of categories are wanted.
  std::vector<TensorShape> inputs;
  std::vector<TensorShape> outputs;
};

}  // namespace kedge
