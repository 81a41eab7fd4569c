// What a thread wants for a request for scores, kept from one to the next.
#pragma once

#include <cstddef>
#include <vector>

#include "kedge/base/give_back.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/model_outputs.h"

namespace kedge {

struct InferScratch {
  // What a request has made large is given back at its end, however it ends.
  class Trimmed {
   public:
    explicit Trimmed(InferScratch& scratch) : scratch_(&scratch) {}
    Trimmed(const Trimmed&) = delete;
    Trimmed& operator=(const Trimmed&) = delete;
    ~Trimmed() { scratch_->trim(); }

   private:
    InferScratch* scratch_;
  };

  static constexpr std::size_t kMostKept = std::size_t{1} << 22;  // bytes of each part

  InferRequest request;
  std::vector<double> values;
  std::vector<double> predictions;
  ModelOutputs outputs;

  // Gives back what a request has made larger than that.
  void trim() {
    request.trim(kMostKept);
    if (values.capacity() * sizeof(double) > kMostKept) give_back(values);
    if (predictions.capacity() * sizeof(double) > kMostKept) give_back(predictions);
    outputs.trim(kMostKept);
  }
};

}  // namespace kedge
