// Rows kept of a stream, by columns: all of them, or a bounded sample drawn by a hash of their
// places. The rows kept depend on their number alone, not on the batches they came in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/sketch/row_sample.h"

namespace kedge {

template <class Value>
class RowBuffer {
 public:
  RowBuffer(std::size_t columns, std::size_t most_rows) : sample_(most_rows), columns_(columns) {}

  // Takes the next `rows` rows, where value_of(column, row) is what to keep of one of them.
  template <class ValueOf>
  void extend(std::uint64_t rows, const ValueOf& value_of) {
    sample_.extend(rows, kept_, chosen_);
    compact(places_);
    for (const std::size_t row : chosen_) places_.push_back(total_ + row);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      compact(columns_[i]);
      for (const std::size_t row : chosen_) columns_[i].push_back(value_of(i, row));
    }
    total_ += rows;
  }

  std::uint64_t total() const noexcept { return total_; }
  std::size_t size() const noexcept { return places_.size(); }
  std::span<const Value> column(std::size_t i) const noexcept { return columns_[i]; }
  // Where the row stood in its stream.
  std::uint64_t place(std::size_t row) const noexcept { return places_[row]; }

  // Which half a row belongs to: the one that is learned from, or the one that is judged.
  bool is_learned(std::size_t row) const noexcept {
    constexpr std::uint64_t kHalves = 0x452821e638d01377;  // digits of pi: unlike RowSample's hash
    return (mix_bits(places_[row] ^ kHalves) & 1) == 0;
  }

 private:
  template <class Kept>
  void compact(std::vector<Kept>& values) const {
    if (kept_.size() == values.size()) return;
    for (std::size_t i = 0; i < kept_.size(); ++i) values[i] = values[kept_[i]];
    values.resize(kept_.size());
  }

  RowSample sample_;
  std::vector<std::vector<Value>> columns_;
  std::vector<std::uint64_t> places_;
  std::uint64_t total_ = 0;
  std::vector<std::size_t> kept_;  // of a batch, kept for their memory
  std::vector<std::size_t> chosen_;
};

}  // namespace kedge
