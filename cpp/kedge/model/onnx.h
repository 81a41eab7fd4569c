// Tree ensembles of ONNX files: TreeEnsembleClassifier and -Regressor (versions 1 and 3 of
// ai.onnx.ml) and TreeEnsemble (version 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kedge/model/onnx_graph.h"
#include "kedge/model/trees.h"

namespace kedge {

// A graph of one tree operator; Identity, Cast and ZipMap may stand around it, any other operator
// is Unsupported by its name. The raw scores are what ONNX Runtime has before the post_transform
// when one thread adds up the trees: with several threads it adds them up in parts, when rows are
// many. Of two classes of which only one gets votes, the output is that of the second class.
//
// Unsupported is what the runtime and the operator's text do not agree on: a post_transform of a
// single target, and base values of two classes of which the second gets votes.
Forest import_onnx(std::span<const std::byte> data);

// Whether import_onnx reads what stands in the file: one tree operator, and no other beside those.
bool is_onnx_forest(std::span<const std::byte> data);

// One tree operator whose rows have these types on their way to it, and so many columns, if it is
// known.
Forest read_onnx_forest(const OnnxNode& tree, std::span<const OnnxType> types,
                        std::optional<std::int64_t> columns);

}  // namespace kedge
