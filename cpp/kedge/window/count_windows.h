// Windows of so many rows of a key, in the order in which they came.
#pragma once

#include <vector>

#include "kedge/window/rhythm.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

class CountWindows final : public Windows {
 public:
  explicit CountWindows(const Stream& stream);

  void take(const StreamRows& rows) override;
  void close_reached() override;
  void close_all() override;

  std::uint64_t open() const noexcept override;
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override { states_.mark_used(used); }
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) override;
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  // What is open of one key, the rows that are not folded yet included.
  struct Open {
    std::uint64_t rows = 0;
    std::uint64_t first = 0;                // how many rows came before its first one
    TimeRange times{INT64_MAX, INT64_MIN};  // least and greatest
  };

  void close(std::span<const std::uint32_t> ids);
  // The open windows whose newest row is of this time or before it, in the order of their keys.
  void close_up_to(std::int64_t newest);

  Stream stream_;
  std::uint64_t most_rows_;
  Rhythm expiry_;  // keys are looked through for those without a row for long
  StateTable states_;
  std::vector<Open> open_;
};

}  // namespace kedge
