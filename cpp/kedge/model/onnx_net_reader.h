// Reads the nodes of an ONNX net, in the file's order, which is that of their values: each becomes
// steps of a graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"

namespace kedge {

// `graph` and `builder` outlive it. What no step does is refused, by the node's name.
class OnnxNetReader {
 public:
  OnnxNetReader(const OnnxGraph& graph, GraphBuilder& builder);

  // The slot of the prediction.
  std::uint32_t run();

 private:
  template <class... Parts>
  [[noreturn]] static void refuse(const OnnxNode& node, const Parts&... parts) {
    throw unsupported("ONNX node \"", node.name, "\" (", node.operation, "): ", parts...);
  }

  void read_constant(const OnnxNode& node);
  const OnnxTensor* constant(const OnnxNode& node, std::size_t i) const;
  const OnnxTensor& wanted(const OnnxNode& node, std::size_t i) const;
  std::uint32_t slot(const OnnxNode& node, std::size_t i) const;
  std::uint32_t read(const OnnxNode& node);

  // Layers, and what goes from number to number.
  std::uint32_t read_matrix(const OnnxNode& node, const OnnxTensor& matrix, bool transposed,
                            std::span<const double> bias);
  std::uint32_t read_gemm(const OnnxNode& node);
  std::uint32_t read_binary(const OnnxNode& node, Combination with);
  std::uint32_t with_constant(const OnnxNode& node, Combination with, std::uint32_t x,
                              const OnnxTensor& tensor);
  std::uint32_t read_two_slots(const OnnxNode& node, Combination with, std::uint32_t left,
                               std::uint32_t right);
  // Slots first, whatever the order: a constant wants one to be combined with.
  std::uint32_t read_fold(const OnnxNode& node, Combination with);
  std::uint32_t read_softmax(const OnnxNode& node);
  // (x - mean) / sqrt(variance + epsilon) * scale + shift as a product and a sum.
  std::uint32_t read_batch_norm(const OnnxNode& node);
  std::uint32_t read_layer_norm(const OnnxNode& node);

  // What picks, joins, bounds and sums up columns: axis 1 alone, as rows are never mixed.
  void expect_columns(const OnnxNode& node, std::int64_t axis) const;
  std::uint32_t read_concat(const OnnxNode& node);
  std::uint32_t read_reduction(const OnnxNode& node, Reduction how);
  // Lower bounds first, as the operator has it.
  std::uint32_t read_clip(const OnnxNode& node);
  std::uint32_t read_gather(const OnnxNode& node);
  std::uint32_t read_slice(const OnnxNode& node);
  static std::vector<std::int64_t> integers_of(const OnnxNode& node, const OnnxTensor& tensor);

  const OnnxGraph& graph_;
  GraphBuilder& net_;
  std::map<std::string_view, OnnxTensor> constants_;
  std::map<std::string_view, std::uint32_t> slots_;
};

}  // namespace kedge
