// Puts outputs where a request wants them in shared memory, and hands on the others.
#pragma once

#include "kedge/serve/infer_request.h"
#include "kedge/serve/shared_regions.h"
#include "kedge/serve/tensor_sink.h"

namespace kedge {

// What an answer says of an output that is there: its shape, and where; no contents.
class RegionOutputs final : public TensorSink {
 public:
  // Whether any output has a place of its own.
  static bool are_in(const InferRequest& request);

  // All are somebody else's. Throws, before anything is made, InvalidArgument or Refusal(kNotFound)
  // that names the output and the region for a place that is not there; no `regions` are no place.
  RegionOutputs(const InferRequest& request, SharedRegions* regions, TensorSink& rest);

  // Throws InvalidArgument that names the output when its place is too small for it.
  void add(const InferTensor& tensor) override;

 private:
  const InferRequest& request_;
  SharedRegions* regions_;
  TensorSink& rest_;
};

}  // namespace kedge
