#include "kedge/serve/row_batch.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/give_back.h"

namespace kedge {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 22;  // bytes

std::size_t size_of_number(bool is_float32) noexcept {
  return is_float32 ? sizeof(float) : sizeof(double);
}

Rows packed(const std::byte* data, std::size_t count, std::size_t width, bool is_float32) noexcept {
  Rows rows;
  rows.data = data;
  rows.count = count;
  rows.is_float32 = is_float32;
  rows.column_stride = static_cast<std::ptrdiff_t>(size_of_number(is_float32));
  rows.row_stride = static_cast<std::ptrdiff_t>(width) * rows.column_stride;
  return rows;
}

}  // namespace

void RowBatch::start(bool is_float32) noexcept {
  if (values_.capacity() > kMostKept) give_back(values_);
  if (scores_.capacity() * sizeof(double) > kMostKept) give_back(scores_);
  values_.clear();
  count_ = 0;
  is_float32_ = is_float32;
}

void RowBatch::add(const Rows& rows, std::size_t features) {
  const std::size_t size = size_of_number(is_float32_);
  const std::size_t start = values_.size();
  values_.resize(start + rows.count * features * size);
  std::byte* to = values_.data() + start;
  for (std::size_t row = 0; row < rows.count; ++row) {
    const std::byte* from = rows.data + static_cast<std::ptrdiff_t>(row) * rows.row_stride;
    if (rows.column_stride == static_cast<std::ptrdiff_t>(size)) {
      std::memcpy(to, from, features * size);
      to += features * size;
      continue;
    }
    for (std::size_t i = 0; i < features; ++i, from += rows.column_stride, to += size) {
      std::memcpy(to, from, size);
    }
  }
  count_ += rows.count;
}

Rows RowBatch::score(const Model& model) {
  scores_.resize(std::max(scores_.size(), count_ * model.outputs()));
  model.score(packed(values_.data(), count_, model.features(), is_float32_), scores_.data(), false);
  return packed(reinterpret_cast<const std::byte*>(scores_.data()), count_, model.outputs(),
                model.gives_float32());
}

}  // namespace kedge
