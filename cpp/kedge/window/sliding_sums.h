// SlidingWindows of so many rows, without keys, whose states are counts, sums and extremes: the
// same in columns.
//
// Running sums of a block of rows, the sums from each of the older rows on, and both together are
// each a pass over a few columns. The bits are those of merging one state after the other, and so
// is what is stored. Rows of many keys would come by ones and twos, too few for a pass.
#pragma once

#include <vector>

#include "kedge/window/state_columns.h"
#include "kedge/window/windows.h"

namespace kedge {

class SlidingSums final : public Windows {
 public:
  // Whether windows of this definition can be had in columns.
  static bool takes(const WindowSpec& spec, const Aggregation& aggregation) noexcept {
    return spec.kind == WindowKind::kSliding && spec.rows != 0 && spec.keys.empty() &&
           aggregation.is_by_columns();
  }
  explicit SlidingSums(const Stream& stream);

  void take(const StreamRows& rows) override;
  void close_reached() override {}
  void close_all() override {}

  std::uint64_t open() const noexcept override;
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override { used[0] = 1; }
  void renumber(std::span<const std::uint32_t>, std::size_t) override {}
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  // As SlidingWindows has it.
  struct Recent {
    explicit Recent(const Aggregation& aggregation)
        : older(aggregation), newer(aggregation), head(aggregation.stride()) {
      aggregation.init(head.data());
    }
    StateColumns older;           // sums from each row to the last one
    StateColumns newer;           // single rows
    std::vector<std::byte> head;  // their sum, a state
    std::vector<std::int64_t> older_times, newer_times;
    std::size_t first = 0;  // of the older ones that is still in

    std::size_t older_rows() const noexcept { return older_times.size() - first; }
    std::size_t rows() const noexcept { return older_rows() + newer_times.size(); }
  };
  // Rows that follow one another in a block.
  struct Run {
    std::span<const Values> inputs;  // of the block
    std::size_t at;                  // its first row there
    std::span<const std::int64_t> times;
  };

  void take_block(const StreamRows& rows, std::size_t start, std::size_t length);
  void slide(Run run);
  // Of rows for which there are enough older ones to leave: their times are among the newer
  // already.
  void sum(const Run& run, std::size_t room);
  void note_windows(const Run& run, std::size_t room);
  void turn();
  void emit(const StreamRows& rows, std::size_t start, std::size_t at, std::size_t length);

  Stream stream_;
  std::uint64_t most_rows_;
  Recent recent_;
  StateColumns results_;  // of a block
  std::vector<std::uint8_t> is_taken_;
  std::vector<TimeRange> windows_;
  std::vector<std::uint64_t> names_;
};

}  // namespace kedge
