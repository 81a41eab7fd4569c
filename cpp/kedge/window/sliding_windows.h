// For each row, what the last rows of its key say: of some length of time, or so many of them.
//
// Each key has its rows of late in two parts. Of the older part every row has the sum of it and
// those behind it, of the newer part there is the sum so far: a result is one merge. When the older
// part is used up, the newer one is summed from its end and takes its place: two more merges a row,
// whatever the window's length.
//
// By time, rows wait until the watermark has reached them, and then go in the order of their times.
#pragma once

#include <memory>
#include <vector>

#include "kedge/window/rhythm.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

class SlidingWindows final : public Windows {
 public:
  SlidingWindows(const Stream& stream, const Type& time);

  void take(const StreamRows& rows) override;
  void close_reached() override;
  void close_all() override;

  std::uint64_t open() const noexcept override;
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override;
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) override;
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  // A row on its way: its own state is in `waiting_` by the same place.
  struct Row {
    std::int64_t time;
    std::uint64_t arrival;
    std::uint32_t id;
    std::uint32_t place;
    friend bool operator<(const Row& a, const Row& b) noexcept {
      return a.time != b.time ? a.time > b.time : a.arrival > b.arrival;  // the earliest on top
    }
  };
  struct Recent {
    explicit Recent(const Aggregation& aggregation)
        : older(aggregation), newer(aggregation), head(aggregation) {
      head.reserve(1);
    }
    StateTable older;  // sums from each row to the last one
    StateTable newer;  // single rows
    StateTable head;   // their sum
    std::vector<std::int64_t> older_times, newer_times;
    std::size_t first = 0;  // of the older ones that is still in

    std::int64_t newest() const noexcept;
    std::size_t rows() const noexcept { return older_times.size() - first + newer_times.size(); }
    std::int64_t oldest() const noexcept {
      return first < older_times.size() ? older_times[first] : newer_times.front();
    }
  };

  // How many rows from `start` on go as one block.
  std::size_t block_length(const StreamRows& rows, std::size_t start) const;
  void forget_expired();
  // Places for so many rows more in `waiting_`.
  void make_room(std::size_t rows);
  void slide(const Row& row);
  // The rows of a block when windows are rows and states plain bytes: many at a time, their states
  // in `results_`, where they become the results.
  void take_block(const StreamRows& rows, std::size_t start, std::size_t length);
  void slide_run(const StreamRows& rows, std::size_t start, std::size_t at, std::size_t length);
  void slide_states(Recent& recent, std::byte* states, std::size_t length, std::size_t room);
  void turn(Recent& recent);
  // The rows that are older than the last one's window leave.
  void let_go(Recent& recent, std::int64_t time);
  void sum_from_end(Recent& recent);
  void emit(const Row& row, const Recent& recent);
  void add_result(const Row& row, std::int64_t oldest);
  void flush();
  bool is_needed(const Recent* recent) const noexcept;
  void read_waiting(ByteReader& in);
  Recent& recent_of(std::uint32_t id);

  Stream stream_;
  bool by_time_;
  bool by_run_;  // take_block does
  std::int64_t length_ = 0;
  std::uint64_t most_rows_ = 0;
  Rhythm expiry_;  // keys are looked through for those without a row for long
  std::vector<std::unique_ptr<Recent>> recent_;  // of each key
  StateTable waiting_;
  std::vector<std::uint32_t> free_;
  std::vector<Row> rows_;  // a heap
  StateTable results_;
  std::vector<std::uint32_t> ids_;
  std::vector<const std::byte*> states_;
  std::vector<TimeRange> windows_;
  std::vector<std::uint64_t> names_;
};

}  // namespace kedge
