// int16 of a graph of floats: nearer to the floats than int8, at twice the bytes.
#pragma once

#include "kedge/score/quantize_graph.h"

namespace kedge {

// As quantize_graph, but affine steps become int16 times int16, with ReLU behind them; what other
// steps write is made int16 again in front of the next. Weights are as fine as sums in int32 let
// them be. Throws as quantize_graph does.
QuantizedGraph quantize_shorts(const Graph& graph, const Rows& rows, RangeRule calibration);

}  // namespace kedge
