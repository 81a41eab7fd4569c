// What a model answers for rows, tensor by tensor; model_form.h lists what there is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/serve/infer_request.h"
#include "kedge/serve/model_form.h"
#include "kedge/serve/ready_scores.h"
#include "kedge/serve/tensor_sink.h"

namespace kedge {

// How long an explanation may take.
struct Patience {
  std::chrono::steady_clock::time_point end;
  const std::atomic<bool>* is_stopping;  // the server
};

// Writes one answer after the other; keeps what memory it wanted. One thread at a time.
class ModelOutputs {
 public:
  // The outputs that the request names, or `usual`; with parameter "explain" = true also
  // "contributions" and "base". Throws InvalidArgument for one that the model does not have or that
  // is named twice, ResourceExhausted when an output is larger than a message may be, and
  // Refusal(kDeadlineExceeded), or (kUnavailable) when the server stops, where patience ends before
  // all rows are explained. Scores that are ready are not made again.
  void write(const Model& model, const ModelForm& form, const Rows& rows,
             const InferRequest& request, std::span<const std::string_view> usual,
             const Patience& patience, const ReadyScores& ready, TensorSink& sink);

  // What the model answered last before any class is chosen; no rows when it was not asked.
  Rows scores() const noexcept;

  void trim(std::size_t most_bytes);

 private:
  void choose(const InferRequest& request, std::span<const std::string_view> usual);
  void choose(std::string_view name);
  std::size_t count(const TensorShape& shape) const;
  void write(const TensorShape& shape, TensorSink& sink);
  void make(std::string_view name);
  void score();
  void explain();
  template <class Number>
  void read_classes(bool is_label);

  const Model* model_ = nullptr;
  const ModelForm* form_ = nullptr;
  Rows rows_;
  Patience patience_{};
  ReadyScores ready_;
  std::vector<const TensorShape*> chosen_;
  std::vector<double> scores_;  // also of floats
  bool has_scores_ = false;
  std::vector<double> values_;   // of other outputs, of any type
  std::vector<double> classes_;  // of one row
};

}  // namespace kedge
