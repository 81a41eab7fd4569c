#include "kedge/window/output.h"

#include <bit>
#include <cstring>
#include <utility>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// Hands memory to whoever keeps the batch, and the place of its first element with it.
template <class Memory>
const auto* keep(Memory values, std::vector<std::shared_ptr<const void>>& owners) {
  auto owned = std::make_shared<const Memory>(std::move(values));
  const auto* data = owned->data();
  owners.push_back(std::move(owned));
  return data;
}

template <class Value, class From>
Value narrowed(std::uint64_t bits) noexcept {
  return static_cast<Value>(std::bit_cast<From>(bits));
}

}  // namespace

OutputColumn::OutputColumn(Field field) : field_(std::move(field)) {
  for (const Field& child : field_.type.children) children_.emplace_back(child);
}

void OutputColumn::reserve(std::size_t rows) {
  if (length_ + rows <= capacity_ || width() == 0) return;
  constexpr std::size_t kFewest = 64;
  capacity_ = std::max({length_ + rows, 2 * capacity_, kFewest});
  auto memory = std::make_shared<Buffer>(Buffer::uninitialized(capacity_ * width()));
  if (length_ != 0) std::memcpy(memory->data(), values_, length_ * width());
  values_ = memory->data();
  memory_ = std::move(memory);
}

std::size_t OutputColumn::bytes_of(std::size_t rows) const noexcept {
  return (rows * width() + kCacheLine - 1) / kCacheLine * kCacheLine;
}

void OutputColumn::place(std::shared_ptr<const void> memory, std::byte* at,
                         std::size_t rows) noexcept {
  memory_ = std::move(memory);
  values_ = at;
  capacity_ = rows;
}

template <class Value, class From>
void OutputColumn::append_as(std::span<const std::uint64_t> values) {
  if (values.empty()) return;  // there may be no memory yet
  reserve(values.size());
  auto* const to = reinterpret_cast<Value*>(values_) + length_;
  if constexpr (sizeof(Value) == sizeof(std::uint64_t)) {
    std::memcpy(to, values.data(), values.size_bytes());
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) to[i] = narrowed<Value, From>(values[i]);
  }
}

void OutputColumn::append_valid(std::size_t length, const std::uint8_t* valid) {
  length_ += length;
  const bool has_nulls = valid != nullptr && std::memchr(valid, 0, length) != nullptr;
  if (!has_nulls && !has_nulls_) return;
  has_nulls_ = true;
  valid_.resize(length_ - length, 1);
  if (valid == nullptr) {
    valid_.resize(length_, 1);
  } else {
    valid_.insert(valid_.end(), valid, valid + length);
  }
}

void OutputColumn::append(std::span<const std::uint64_t> values, const std::uint8_t* valid) {
  switch (field_.type.id) {
    case TypeId::kBool:
    case TypeId::kInt8:
      append_as<std::int8_t, std::int64_t>(values);
      break;
    case TypeId::kInt16:
      append_as<std::int16_t, std::int64_t>(values);
      break;
    case TypeId::kInt32:
    case TypeId::kDate32:
      append_as<std::int32_t, std::int64_t>(values);
      break;
    case TypeId::kUint8:
      append_as<std::uint8_t, std::uint64_t>(values);
      break;
    case TypeId::kUint16:
      append_as<std::uint16_t, std::uint64_t>(values);
      break;
    case TypeId::kUint32:
      append_as<std::uint32_t, std::uint64_t>(values);
      break;
    case TypeId::kFloat32:
      append_as<float, double>(values);
      break;
    default:
      append_as<std::uint64_t, std::uint64_t>(values);
      break;
  }
  append_valid(values.size(), valid);
}

void OutputColumn::append_text(std::string_view value) {
  text_.insert(text_.end(), value.begin(), value.end());
  ends_.push_back(static_cast<std::int64_t>(text_.size()));
  append_valid(1, nullptr);
}

void OutputColumn::append_null_text() {
  ends_.push_back(static_cast<std::int64_t>(text_.size()));
  const std::uint8_t null = 0;
  append_valid(1, &null);
}

void OutputColumn::end_list() {
  ends_.push_back(static_cast<std::int64_t>(children_.front().length()));
  append_valid(1, nullptr);
}

void OutputColumn::check_lists() const {
  if (field_.type.id != TypeId::kList || children_.front().length() <= INT32_MAX) return;
  throw resource_exhausted("column \"", field_.name, "\": the windows that closed have ",
                           children_.front().length(), " list entries, at most ", INT32_MAX,
                           " are allowed");
}

void OutputColumn::take_values(Column& column, std::vector<std::shared_ptr<const void>>& owners) {
  if (is_text()) {
    ends_.insert(ends_.begin(), 0);
    text_.reserve(1);
    column.values = keep(std::exchange(ends_, {}), owners);
    column.text = keep(std::exchange(text_, {}), owners);
  } else if (column.type == TypeId::kList) {
    std::vector<std::int32_t> offsets{0};
    for (const std::int64_t end : ends_) offsets.push_back(static_cast<std::int32_t>(end));
    ends_.clear();
    column.values = keep(std::move(offsets), owners);
  } else if (column.type == TypeId::kBool) {
    std::vector<std::uint8_t> bits(bitmap_bytes(length_) + 1);
    pack_bits(reinterpret_cast<const std::uint8_t*>(values_), length_, bits.data());
    column.values = keep(std::move(bits), owners);
  } else if (column.type != TypeId::kStruct) {
    if (capacity_ == 0) reserve(1);  // a place to point to
    column.values = values_;
    owners.push_back(std::move(memory_));
  }
}

Column OutputColumn::take(std::vector<std::shared_ptr<const void>>& owners) {
  Column column;
  column.type = field_.type.id;
  column.length = length();
  if (has_nulls_) {
    std::vector<std::uint8_t> bits(bitmap_bytes(length_));
    pack_bits(valid_.data(), length_, bits.data());
    column.validity = keep(std::move(bits), owners);
  }
  take_values(column, owners);
  for (OutputColumn& child : children_) column.children.push_back(child.take(owners));
  valid_.clear();
  has_nulls_ = false;
  length_ = 0;
  memory_ = nullptr;
  values_ = nullptr;
  capacity_ = 0;
  return column;
}

Output::Output(std::vector<Field> fields) {
  for (const Field& field : fields) columns_.emplace_back(field);
  schema_ = std::make_shared<const Schema>(std::move(fields));
}

void Output::reserve(std::size_t rows) {
  if (rows == 0) return;
  if (length() != 0) {
    for (OutputColumn& column : columns_) column.reserve(rows);
    return;
  }
  std::size_t bytes = 0;
  for (const OutputColumn& column : columns_) bytes += column.bytes_of(rows);
  const auto memory = std::make_shared<Buffer>(Buffer::uninitialized(bytes));
  std::byte* at = memory->data();
  for (OutputColumn& column : columns_) {
    column.place(memory, at, rows);
    at += column.bytes_of(rows);
  }
}

Batch Output::take() {
  for (const OutputColumn& column : columns_) column.check_lists();
  auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  Batch batch;
  batch.schema = schema_;
  batch.length = length();
  for (OutputColumn& column : columns_) batch.columns.push_back(column.take(*owners));
  batch.owner = std::move(owners);
  return batch;
}

}  // namespace kedge
