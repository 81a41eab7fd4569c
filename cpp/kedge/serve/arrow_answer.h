// The outputs of a model as the columns of an Arrow batch, for requests that brought one.
//
// Columns are called as Model.predict and Explanation.to_table call them: "score" or "score_0",
// "score_1" and so on, of any output with that form; of contributions each feature's name, behind
// "score_0." where there are several outputs; "base" in every row, so that rows add up by
// themselves.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/build.h"
#include "kedge/model/trees.h"
#include "kedge/serve/infer_response.h"
#include "kedge/serve/tensor_sink.h"

namespace kedge {

// Numbers are float64 but for labels, which are int64.
class ArrowAnswer final : public TensorSink {
 public:
  // `features` outlive it.
  ArrowAnswer(std::span<const Feature> features, std::size_t rows)
      : features_(features), rows_(rows) {}

  void add(const InferTensor& tensor) override;
  // As one tensor "rows" [1] of BYTES: an IPC stream, parameter "content_type" = "arrow".
  void write(InferResponse& response);

 private:
  void add_contributions(const InferTensor& tensor);
  void add_base(const InferTensor& tensor);

  std::span<const Feature> features_;
  std::size_t rows_;
  BatchBuilder table_;
};

}  // namespace kedge
