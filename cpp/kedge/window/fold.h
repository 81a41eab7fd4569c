// StreamRows on their way into states: a block is filled with the state of each of some rows that
// follow one another, then all pieces take the block.
//
// Thread safety: one caller at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/window/aggregation.h"

namespace kedge {

// The rows of one push, as windows see them.
struct StreamRows {
  std::span<const std::int64_t> times;  // kNoTime for a null, zeros without a time column
  std::span<const std::uint32_t> ids;   // of each row's key
  std::uint64_t arrival = 0;            // how many rows came before
  std::uint32_t partition = 0;
};

class Fold {
 public:
  explicit Fold(Aggregation& aggregation);
  Fold(const Fold&) = delete;
  Fold& operator=(const Fold&) = delete;
  ~Fold() { aggregation_.reset(sink_.data()); }

  // A state for rows that no window takes.
  std::byte* sink() noexcept { return sink_.data(); }

  // The states of rows `start` and following, at most kFoldRows, are to be written to states();
  // then run() takes them.
  std::byte** states() noexcept { return states_.data(); }
  void run(const StreamRows& rows, std::size_t start, std::size_t length);

 private:
  Aggregation& aggregation_;
  std::vector<std::byte*> states_;
  Buffer sink_;
};

}  // namespace kedge
