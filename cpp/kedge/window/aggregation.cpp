#include "kedge/window/aggregation.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/buffer.h"
#include "kedge/window/aggregate_builder.h"
#include "kedge/window/count_piece.h"

namespace kedge {
namespace {

std::size_t stride_of(std::size_t bytes) noexcept {
  if (bytes <= 8) return 8;
  if (bytes <= 16) return 16;
  if (bytes <= 32) return 32;
  return (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
}

}  // namespace

Aggregation::Aggregation(const WindowSpec& spec, const std::shared_ptr<const Schema>& schema,
                         const UserCodes* codes)
    : inputs_(schema, spec.columns, codes) {
  AggregateBuilder(*this, spec, *schema, codes).build();
  doubles_ = {0};
  column_pieces_.push_back(counts_by_column(0, ColumnPiece::kAllRows));
  for (const auto& piece : pieces_) {
    piece->set_offset(bytes_);
    bytes_ += piece->bytes();
    doubles_.resize(doubles_.size() + piece->plain_words(), 0);
    doubles_.resize(bytes_ / sizeof(std::uint64_t), UINT64_MAX);
    if (piece->owns_memory()) owners_.push_back(piece.get());
    if (const auto columns = piece->by_columns()) column_pieces_.push_back(*columns);
  }
  is_by_columns_ = column_pieces_.size() == pieces_.size() + 1 &&
                   std::ranges::all_of(results_, [](const auto& r) { return r->reads_columns(); });
  stride_ = stride_of(bytes_);
  empty_.resize(stride_);
  for (const auto& piece : pieces_) piece->init(empty_.data());
}

void Aggregation::init(std::byte* state) const noexcept {
  std::memcpy(state, empty_.data(), stride_);
}

void Aggregation::update(const Block& block) const {
  for (std::size_t i = 0; i < block.length; ++i) ++rows_in(block.states[i]);
  for (const auto& piece : pieces_) piece->update(block);
}

void Aggregation::merge(std::byte* into, const std::byte* from) const {
  rows_in(into) += rows_in(from);
  for (const auto& piece : pieces_) piece->merge(into, from);
}

void Aggregation::merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                             std::size_t length) const {
  const auto steps = static_cast<std::ptrdiff_t>(length);
  for (std::ptrdiff_t i = 0; i < steps; ++i)
    rows_in(into + i * stride) += rows_in(from + i * stride);
  for (const auto& piece : pieces_) piece->merge_each(into, from, stride, length);
}

void Aggregation::prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                               std::size_t length) const {
  const auto steps = static_cast<std::ptrdiff_t>(length);
  for (std::ptrdiff_t i = 0; i < steps; ++i) {
    rows_in(into + i * stride) += rows_in(before + i * stride);
  }
  for (const auto& piece : pieces_) piece->prepend_each(into, before, stride, length);
}

void Aggregation::reset(std::byte* state) const noexcept {
  for (const Piece* piece : owners_) piece->release(state);
  init(state);
}

std::size_t Aggregation::owned_bytes(const std::byte* state) const noexcept {
  std::size_t total = 0;
  for (const Piece* piece : owners_) total += piece->owned_bytes(state);
  return total;
}

void Aggregation::copy_stored(const std::byte* state, std::byte* to) const noexcept {
  for (std::size_t i = 0; i < doubles_.size(); ++i) {
    double value;
    std::memcpy(&value, state + i * sizeof value, sizeof value);
    const std::uint64_t nan = value != value ? doubles_[i] : 0;
    const std::uint64_t word = (std::bit_cast<std::uint64_t>(value) & ~nan) | (kNanBits & nan);
    std::memcpy(to + i * sizeof word, &word, sizeof word);
  }
}

void Aggregation::write(const std::byte* state, ByteWriter& out) const {
  out.write(rows_in(state));
  for (const auto& piece : pieces_) piece->write(state, out);
}

void Aggregation::read(std::byte* state, ByteReader& in) const {
  const auto rows = in.read<std::uint64_t>();
  // Whoever holds the state lets go of what it owns when it has rows: also when a piece throws.
  rows_in(state) = 1;
  for (const auto& piece : pieces_) piece->read(state, in);
  rows_in(state) = rows;
  if (rows == 0) reset(state);
}

}  // namespace kedge
