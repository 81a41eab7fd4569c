#include "kedge/serve/arrow_answer.h"

#include <cstdint>
#include <cstring>

#include "kedge/arrow/ipc.h"
#include "kedge/base/error.h"
#include "kedge/serve/request_rows.h"

namespace kedge {
namespace {

double number_at(const InferTensor& tensor, std::size_t i) noexcept {
  if (tensor.datatype == DataType::kFp32) {
    float value;
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    return value;
  }
  double value;
  std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
  return value;
}

// Numbers first, first + step and so on.
std::vector<double> numbers(const InferTensor& tensor, std::size_t rows, std::size_t first,
                            std::size_t step) {
  std::vector<double> out(rows);
  for (std::size_t i = 0; i < rows; ++i) out[i] = number_at(tensor, first + i * step);
  return out;
}

std::string front_of(std::size_t outputs, std::size_t k) {
  return outputs == 1 ? std::string() : text("score_", k, ".");
}

}  // namespace

void ArrowAnswer::add(const InferTensor& tensor) {
  if (tensor.name == "contributions") return add_contributions(tensor);
  if (tensor.name == "base") return add_base(tensor);
  if (tensor.datatype == DataType::kInt64) {
    std::vector<std::int64_t> values(rows_);
    if (rows_ != 0) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    return table_.add(std::string(tensor.name), std::span<const std::int64_t>(values));
  }
  const auto width = static_cast<std::size_t>(tensor.shape[1]);
  for (std::size_t k = 0; k < width; ++k) {
    table_.add(width == 1 ? std::string(tensor.name) : text(tensor.name, "_", k),
               numbers(tensor, rows_, k, width));
  }
}

void ArrowAnswer::add_contributions(const InferTensor& tensor) {
  const auto outputs = static_cast<std::size_t>(tensor.shape[1]);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t j = 0; j < features_.size(); ++j) {
      const std::size_t first = k * features_.size() + j;
      table_.add(front_of(outputs, k) + features_[j].name,
                 numbers(tensor, rows_, first, outputs * features_.size()));
    }
  }
}

void ArrowAnswer::add_base(const InferTensor& tensor) {
  for (std::size_t k = 0; k < tensor.elements; ++k) {
    const std::vector<double> values(rows_, number_at(tensor, k));
    table_.add(front_of(tensor.elements, k) + "base", values);
  }
}

void ArrowAnswer::write(InferResponse& response) {
  const Batch batch = table_.finish();
  ByteWriter bytes;
  write_ipc(*batch.schema, {&batch, 1}, bytes);
  const std::string_view stream = as_text(bytes.view());
  const std::int64_t one = 1;
  const InferParameter type{kContentType, kArrowContent};
  InferTensor tensor;
  tensor.name = "rows";
  tensor.datatype = DataType::kBytes;
  tensor.shape = {&one, 1};
  tensor.parameters = {&type, 1};
  tensor.elements = 1;
  tensor.strings = {&stream, 1};
  response.add(tensor);
}

}  // namespace kedge
