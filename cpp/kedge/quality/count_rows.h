// One row into the tally of its part, for each kind of quality.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/quality/spec.h"
#include "kedge/quality/tally.h"

namespace kedge {

// Checked values of as many rows; `part` is each row's place in the tallies.
struct RowValues {
  std::vector<double> targets;  // of numbers, scores and answers; empty when there is no column
  std::vector<double> predictions;
  std::vector<std::uint32_t> target_classes;  // slots of names
  std::vector<std::uint32_t> predicted_classes;
  std::vector<double> probabilities;  // those of a row after those of another, if there are any
  std::vector<double> weights;        // empty when each row counts 1
  std::vector<std::uint32_t> parts;   // empty when there is but one part
  std::size_t length = 0;
};

void count_rows(const QualitySpec& spec, const RowValues& rows, std::span<Tally> tallies);

}  // namespace kedge
