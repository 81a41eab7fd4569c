#include "kedge/serve/request_rows.h"

#include <algorithm>

#include "kedge/arrow/ipc.h"
#include "kedge/base/error.h"
#include "kedge/score/table_rows.h"

namespace kedge {
namespace {

// Values that any stream may have: eight megabytes of doubles.
constexpr std::size_t kFewValues = std::size_t{1} << 20;

bool is_arrow(const InferTensor& tensor) {
  const ParameterValue* const found = find_parameter(tensor.parameters, kContentType);
  const auto* const type = found == nullptr ? nullptr : std::get_if<std::string_view>(found);
  return type != nullptr && *type == kArrowContent;
}

Rows read_stream(const Model& model, const InferTensor& tensor, std::vector<double>& values) {
  const std::span<const std::byte> bytes = as_bytes(tensor.strings[0]);
  const Batches table = read_ipc(bytes, nullptr);
  const TableRows reader(model.bundle().features, model.category_places(), *table.schema);
  const std::size_t rows = row_count(table);
  const std::size_t features = model.features();
  const std::size_t most = std::max(bytes.size(), kFewValues);
  if (rows != 0 && features > most / rows) {
    throw resource_exhausted("tensor \"", tensor.name, "\": ", rows, " rows of ", features,
                             " features in ", bytes.size(), " bytes, at most ", most,
                             " values are read from so many");
  }
  if (table.batches.size() == 1) return reader.read(table.batches[0], 0, rows, values);
  values.resize(features * rows);
  std::vector<double> part;
  std::size_t done = 0;
  for (const Batch& batch : table.batches) {
    reader.read(batch, 0, batch.length, part);
    for (std::size_t i = 0; i < features; ++i) {
      std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(i * batch.length), batch.length,
                  values.begin() + static_cast<std::ptrdiff_t>(i * rows + done));
    }
    done += batch.length;
  }
  return columns_of(values, rows);
}

}  // namespace

bool brings_arrow(std::span<const InferTensor> inputs) {
  const auto found = std::ranges::find_if(inputs, is_arrow);
  if (found == inputs.end()) return false;
  if (inputs.size() != 1) {
    throw invalid_argument("tensor \"", found->name, "\": an Arrow stream comes alone, the request",
                           " has ", inputs.size(), " inputs");
  }
  if (found->datatype != DataType::kBytes || found->elements != 1) {
    throw invalid_argument("tensor \"", found->name,
                           "\": an Arrow stream is one element of BYTES, ", "got ", found->elements,
                           " of ", row_of(found->datatype).name);
  }
  return true;
}

Rows request_rows(const Model& model, const ModelForm& form, std::span<const InferTensor> inputs,
                  std::vector<double>& values) {
  if (brings_arrow(inputs)) return read_stream(model, inputs[0], values);
  return form.rows.read(inputs, values);
}

}  // namespace kedge
