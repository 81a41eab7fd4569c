// A ModelInferResponse, written tensor by tensor.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "kedge/base/protobuf_write.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/tensor_sink.h"

namespace kedge {

// At the end of `out`. Raw when the request was raw, so that every client finds what it reads: some
// look at raw contents alone, others at typed ones.
class InferResponse final : public TensorSink {
 public:
  InferResponse(std::vector<std::byte>& out, bool is_raw) : out_(out), is_raw_(is_raw) {}

  void name(std::string_view model_name, std::string_view model_version, std::string_view id);
  void parameter(const InferParameter& parameter) { write_parameter(4, parameter, out_); }
  // Elements are those of `data` or `strings`, as many as `shape` says; FP16 and BF16 are for raw
  // responses.
  void add(const InferTensor& tensor) override;

 private:
  void add_contents(const InferTensor& tensor);
  void add_raw(const InferTensor& tensor);

  ProtoWriter out_;
  bool is_raw_;
};

}  // namespace kedge
