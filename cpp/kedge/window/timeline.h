// The rows of a table as a join by time sees them: a time and the number of a key each, and the
// order of the times.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/window/keys.h"

namespace kedge {

class Timeline {
 public:
  static constexpr std::uint32_t kNoKey = 0xffffffff;  // its row matches nothing

  // Which columns of a table to read.
  struct Columns {
    std::size_t time;
    std::vector<std::size_t> keys;
    std::int64_t factor = 1;     // times are multiplied by it
    bool matches_nulls = false;  // null keys are numbered too; null times never match
  };
  // New keys are added to `keys`. Throws ResourceExhausted at 2^32 - 1 rows, InvalidArgument that
  // names the column for a time that does not fit into 64 bits.
  Timeline(const Batches& table, const Columns& columns, Keys& keys);

  std::size_t size() const noexcept { return times_.size(); }
  // Of unsigned times, their images in the order of signed ones.
  std::int64_t time(std::uint32_t row) const noexcept { return times_[row]; }
  std::uint32_t key(std::uint32_t row) const noexcept { return keys_[row]; }
  // The row at this place in the order of times; rows of one time stay as they are.
  std::uint32_t row_at(std::size_t place) const noexcept {
    return order_.empty() ? static_cast<std::uint32_t>(place) : order_[place];
  }

 private:
  void read_times(const Batch& batch, const Columns& columns, std::size_t start);
  void read_keys(const Batch& batch, const Columns& columns, std::size_t start, Keys& keys);
  void sort();

  std::vector<std::int64_t> times_;
  std::vector<std::uint32_t> keys_;
  std::vector<std::uint32_t> order_;  // empty when the rows are in order
};

}  // namespace kedge
