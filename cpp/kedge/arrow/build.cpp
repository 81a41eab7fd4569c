#include "kedge/arrow/build.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"

namespace kedge {

BatchBuilder::BatchBuilder() : buffers_(std::make_shared<std::vector<Buffer>>()) {}

Column& BatchBuilder::column(std::string name, TypeId type, std::size_t rows) {
  if (!columns_.empty() && columns_.front().length != rows) {
    throw invalid_argument("column \"", name, "\" has ", rows, " rows, the batch has ",
                           columns_.front().length);
  }
  Type full;
  full.id = type;
  schema_.push_back({std::move(name), std::move(full), false});
  Column& column = columns_.emplace_back();
  column.type = type;
  column.length = rows;
  return column;
}

template <class Value>
std::span<Value> BatchBuilder::buffer(std::size_t count) {
  return buffers_->emplace_back(std::max<std::size_t>(1, count) * sizeof(Value)).as<Value>();
}

void BatchBuilder::add(std::string name, std::span<const double> values) {
  const auto copy = buffer<double>(values.size());
  std::copy(values.begin(), values.end(), copy.begin());
  column(std::move(name), TypeId::kFloat64, values.size()).values = copy.data();
}

void BatchBuilder::add(std::string name, std::span<const std::uint64_t> values) {
  const auto copy = buffer<std::uint64_t>(values.size());
  std::copy(values.begin(), values.end(), copy.begin());
  column(std::move(name), TypeId::kUint64, values.size()).values = copy.data();
}

void BatchBuilder::add(std::string name, std::span<const std::int64_t> values) {
  const auto copy = buffer<std::int64_t>(values.size());
  std::copy(values.begin(), values.end(), copy.begin());
  column(std::move(name), TypeId::kInt64, values.size()).values = copy.data();
}

void BatchBuilder::add(std::string name, std::span<const std::string> values) {
  std::size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  const auto offsets = buffer<std::int64_t>(values.size() + 1);
  const auto text = buffer<char>(bytes);
  std::size_t end = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].empty()) std::memcpy(text.data() + end, values[i].data(), values[i].size());
    end += values[i].size();
    offsets[i + 1] = static_cast<std::int64_t>(end);
  }
  Column& made = column(std::move(name), TypeId::kLargeUtf8, values.size());
  made.values = offsets.data();
  made.text = text.data();
}

void BatchBuilder::add(std::string name, const std::vector<bool>& values) {
  const auto bits = buffer<std::uint8_t>(bitmap_bytes(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) set_bit(bits.data(), i);
  }
  column(std::move(name), TypeId::kBool, values.size()).values = bits.data();
}

void BatchBuilder::set_null(const std::vector<bool>& is_null) {
  Column& last = columns_.back();
  if (is_null.size() != last.length) {
    throw invalid_argument("column \"", schema_.back().name, "\": nulls of ", is_null.size(),
                           " rows, it has ", last.length);
  }
  const auto bits = buffer<std::uint8_t>(bitmap_bytes(is_null.size()));
  for (std::size_t i = 0; i < is_null.size(); ++i) {
    if (!is_null[i]) set_bit(bits.data(), i);
  }
  last.validity = bits.data();
  schema_.back().nullable = true;
}

Batch BatchBuilder::finish() {
  Batch batch;
  batch.length = columns_.empty() ? 0 : columns_.front().length;
  batch.schema = std::make_shared<const Schema>(std::move(schema_));
  batch.columns = std::move(columns_);
  batch.owner = std::move(buffers_);
  return batch;
}

}  // namespace kedge
