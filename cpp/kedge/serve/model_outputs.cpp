#include "kedge/serve/model_outputs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "kedge/base/error.h"
#include "kedge/base/give_back.h"
#include "kedge/kernels/rank.h"
#include "kedge/serve/status.h"

namespace kedge {
namespace {

// What gRPC can carry.
constexpr std::size_t kMostBytes = (std::size_t{1} << 31) - 1;

std::string names_of(std::span<const TensorShape> shapes) {
  std::string out;
  for (const TensorShape& one : shapes) out += text(out.empty() ? "\"" : ", \"", one.name, "\"");
  return out;
}

template <class Number>
void put(std::vector<double>& to, std::size_t i, Number value) noexcept {
  std::memcpy(reinterpret_cast<std::byte*>(to.data()) + i * sizeof value, &value, sizeof value);
}

template <class Number>
Number number_at(const std::vector<double>& from, std::size_t i) noexcept {
  Number value;
  std::memcpy(&value, reinterpret_cast<const std::byte*>(from.data()) + i * sizeof value,
              sizeof value);
  return value;
}

}  // namespace

void ModelOutputs::write(const Model& model, const ModelForm& form, const Rows& rows,
                         const InferRequest& request, std::span<const std::string_view> usual,
                         const Patience& patience, const ReadyScores& ready, TensorSink& sink) {
  model_ = &model;
  form_ = &form;
  rows_ = rows;
  patience_ = patience;
  ready_ = ready;
  has_scores_ = false;
  choose(request, usual);
  for (const TensorShape* shape : chosen_) write(*shape, sink);
}

void ModelOutputs::choose(const InferRequest& request, std::span<const std::string_view> usual) {
  chosen_.clear();
  for (const RequestedOutput& output : request.outputs()) {
    const std::size_t before = chosen_.size();
    choose(output.name);
    if (chosen_.size() == before) {  // a small request must not ask for a large answer many times
      throw invalid_argument("output \"", output.name, "\" is wanted twice");
    }
  }
  if (request.outputs().empty()) {
    for (const std::string_view name : usual) choose(name);
  }
  if (!flag_parameter(request.parameters(), "explain")) return;
  choose("contributions");
  choose("base");
}

void ModelOutputs::choose(std::string_view name) {
  const auto found = std::ranges::find(form_->outputs, name, &TensorShape::name);
  if (found == form_->outputs.end()) {
    throw invalid_argument("output \"", name, "\": the model has ", names_of(form_->outputs));
  }
  const TensorShape* const shape = &*found;
  if (std::ranges::find(chosen_, shape) == chosen_.end()) chosen_.push_back(shape);
}

std::size_t ModelOutputs::count(const TensorShape& shape) const {
  std::size_t count = 1;
  for (const std::int64_t length : shape.shape) {
    const std::size_t own = length < 0 ? rows_.count : static_cast<std::size_t>(length);
    if (own != 0 && count > kMostBytes / sizeof(double) / own) {
      throw resource_exhausted("output \"", shape.name, "\" of ", rows_.count,
                               " rows has more than ", kMostBytes, " bytes");
    }
    count *= own;
  }
  return count;
}

void ModelOutputs::write(const TensorShape& shape, TensorSink& sink) {
  InferTensor tensor;
  tensor.name = shape.name;
  tensor.datatype = shape.datatype;
  tensor.elements = count(shape);
  std::array<std::int64_t, 3> lengths{};
  std::ranges::copy(shape.shape, lengths.begin());
  if (lengths[0] < 0) lengths[0] = static_cast<std::int64_t>(rows_.count);
  tensor.shape = std::span(lengths).first(shape.shape.size());
  const bool is_score = shape.name == "score";
  std::vector<double>& values = is_score ? scores_ : values_;
  values.resize(std::max(values.size(), tensor.elements));
  if (tensor.elements != 0) make(shape.name);
  const std::size_t size = tensor.elements * row_of(tensor.datatype).size;
  tensor.data = std::as_bytes(std::span(values)).first(size);
  sink.add(tensor);
}

void ModelOutputs::make(std::string_view name) {
  if (name == "score") return score();
  if (name == "raw") return model_->score(rows_, values_.data(), true);
  if (name == "contributions") return explain();
  if (name == "base") {
    std::ranges::copy(model_->explainer().base(), values_.begin());
    return;
  }
  score();
  const bool is_label = name == "label";
  if (model_->gives_float32()) return read_classes<float>(is_label);
  read_classes<double>(is_label);
}

// Once; labels and probabilities are made of them as well.
void ModelOutputs::score() {
  if (has_scores_) return;
  scores_.resize(std::max(scores_.size(), rows_.count * model_->outputs()));
  if (ready_.model == model_ && ready_.rows == rows_.count) {
    std::memcpy(scores_.data(), ready_.scores, ready_.bytes);
  } else {
    model_->score(rows_, scores_.data(), false);
  }
  has_scores_ = true;
}

// Block by block, which gives the same: a row may take milliseconds, and nobody waits for an answer
// that comes too late.
void ModelOutputs::explain() {
  const std::size_t width = model_->outputs() * model_->features();
  for (std::size_t done = 0; done < rows_.count; done += kBlockRows) {
    const bool is_stopping = *patience_.is_stopping;
    if (is_stopping || std::chrono::steady_clock::now() >= patience_.end) {
      throw Refusal(is_stopping ? StatusCode::kUnavailable : StatusCode::kDeadlineExceeded,
                    text(is_stopping ? "the server stopped" : "the deadline passed", " when ", done,
                         " of ", rows_.count, " rows were explained"));
    }
    const Rows block = rows_.from(done, std::min(kBlockRows, rows_.count - done));
    model_->explain(block, values_.data() + done * width);
  }
}

Rows ModelOutputs::scores() const noexcept {
  Rows out;
  if (!has_scores_) return out;
  out.is_float32 = model_->gives_float32();
  out.data = reinterpret_cast<const std::byte*>(scores_.data());
  out.count = rows_.count;
  out.column_stride = out.is_float32 ? sizeof(float) : sizeof(double);
  out.row_stride = out.column_stride * static_cast<std::ptrdiff_t>(model_->outputs());
  return out;
}

template <class Number>
void ModelOutputs::read_classes(bool is_label) {
  const std::size_t classes = form_->classes;
  classes_.resize(classes);
  for (std::size_t i = 0; i < rows_.count; ++i) {
    if (model_->outputs() == 1) {
      const auto second = number_at<Number>(scores_, i);
      classes_ = {static_cast<double>(Number{1} - second), static_cast<double>(second)};
    } else {
      for (std::size_t k = 0; k < classes; ++k) {
        classes_[k] = static_cast<double>(number_at<Number>(scores_, i * classes + k));
      }
    }
    if (is_label) {
      put(values_, i,
          static_cast<std::int64_t>(std::ranges::max_element(classes_) - classes_.begin()));
      continue;
    }
    for (std::size_t k = 0; k < classes; ++k) {
      put(values_, i * classes + k, static_cast<Number>(classes_[k]));
    }
  }
}

void ModelOutputs::trim(std::size_t most_bytes) {
  if (scores_.capacity() * sizeof(double) > most_bytes) give_back(scores_);
  if (values_.capacity() * sizeof(double) > most_bytes) give_back(values_);
}

}  // namespace kedge
