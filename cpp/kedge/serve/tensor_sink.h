// Where the tensors of an answer go, one after the other.
#pragma once

#include "kedge/serve/infer_request.h"

namespace kedge {

class TensorSink {
 public:
  // What the tensor points to is the caller's, and may be gone afterwards.
  virtual void add(const InferTensor& tensor) = 0;

 protected:
  TensorSink() = default;
  TensorSink(const TensorSink&) = default;
  TensorSink& operator=(const TensorSink&) = default;
  ~TensorSink() = default;
};

}  // namespace kedge
