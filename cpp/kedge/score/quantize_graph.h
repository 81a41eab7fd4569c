// int8 of a graph of floats: which steps can, with scales from rows that are like those to come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kedge/model/graph.h"
#include "kedge/score/rows.h"

namespace kedge {

enum class RangeRule : std::uint8_t {
  kMinMax,      // all values fit
  kPercentile,  // but one in a thousand at either end
  kMse,         // the range whose squared error is least, of thirty ever narrower ones
};

// How far what a step writes is from what it writes in floats, over the rows of the calibration.
struct StepError {
  std::string step;  // "affine 1"
  double largest = 0;
  double mean = 0;
  double range = 0;  // of the floats: what the errors are to be held against
};

struct QuantizedGraph {
  Graph graph;
  std::vector<StepError> steps;  // of each affine step, and last of the raw scores
};

// Affine steps of floats become bytes times int8, with what can follow them in bytes: ReLU by
// clamping, other activations by a table. Columns of the rows have each their own scale, weights
// each output. All else stays as it is. Throws InvalidArgument without rows or when a value of
// theirs is not finite, Unsupported when no step can become bytes. Time: the graph's depth times
// scoring the rows.
QuantizedGraph quantize_graph(const Graph& graph, const Rows& rows, RangeRule calibration);

}  // namespace kedge
