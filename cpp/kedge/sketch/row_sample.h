// Which rows of a stream to look at when only some can be: one of each 2^k, for the smallest k that
// leaves no more than the most asked for. Which one is drawn by a hash of its place, so that a
// period in the rows does not meet a period of the sample. The choice depends on the number of rows
// alone, not on the batches they came in.
//
// As a quantile sketch: the rank of a value in the sample is off by less than 0.9 % of the rows
// with a probability of 99 % (Dvoretzky, Kiefer, Wolfowitz, Massart for the fewest rows, 32768;
// drawing from each 2^k apart can only lower it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kedge {

class RowSample {
 public:
  static constexpr std::size_t kMostRows = 65536;

  explicit RowSample(std::size_t most_rows = kMostRows) : most_rows_(most_rows) {}

  // Takes the next `rows` rows. First `kept` is filled with the places in the sample that remain,
  // then `chosen` with those of the next rows that join behind them.
  void extend(std::uint64_t rows, std::vector<std::size_t>& kept, std::vector<std::size_t>& chosen);

 private:
  bool is_chosen(std::uint64_t row, unsigned from_level) const noexcept;

  std::size_t most_rows_;
  std::vector<std::uint64_t> rows_;  // chosen so far
  std::uint64_t total_ = 0;
  unsigned level_ = 0;
};

}  // namespace kedge
