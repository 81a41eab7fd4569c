// Reads the nodes of an ONNX net, in the file's order, which is that of their values: each becomes
// steps of a graph. Operators of a kind lie together in files of their own (onnx_net_operators.h),
// as functions that ask the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_quanta.h"
#include "kedge/model/onnx_net_value.h"
#include "kedge/model/trees.h"

namespace kedge {

// Everything given outlives it. What no step does is refused, by the node's name.
class OnnxNetReader {
 public:
  // Throws CorruptData when two of the graph's values have one name.
  OnnxNetReader(const OnnxGraph& graph, GraphBuilder& builder, OnnxTexts& texts);

  void add_input(std::string_view name, OnnxNetValue value);
  // Of what scores two classes for the prediction of this name, the second is all that is wanted.
  void want_second(std::string_view name);
  bool wants_second(const OnnxNode& node) const noexcept { return &node == second_; }
  // The value of this name; nodes that it does not take are not read.
  OnnxNetValue run(std::string_view name);
  // Why nodes that it takes are refused, but for those that only take what is lost already. Throws
  // Unsupported when one of them takes text: which there may be, only encoders say.
  std::vector<std::string> refusals(std::string_view name);
  // What the net's step of trees asks, if there is one.
  std::optional<Forest>& forest() noexcept { return forest_; }

  // For operators.
  template <class... Parts>
  [[noreturn]] static void refuse(const OnnxNode& node, const Parts&... parts) {
    throw unsupported("ONNX node \"", node.name, "\" (", node.operation, "): ", parts...);
  }
  GraphBuilder& net() noexcept { return net_; }
  OnnxTexts& texts() noexcept { return texts_; }
  std::string_view producer() const noexcept { return graph_.producer; }
  std::int64_t ml_opset() const noexcept { return graph_.ml_opset; }
  void set_constant(const OnnxNode& node, OnnxTensor tensor);
  const OnnxTensor* constant(const OnnxNode& node, std::size_t i) const;
  const OnnxTensor& wanted(const OnnxNode& node, std::size_t i) const;
  static std::vector<std::int64_t> integers_of(const OnnxNode& node, const OnnxTensor& tensor);
  // Whatever it holds.
  const OnnxNetValue& value(const OnnxNode& node, std::size_t i) const;
  // Of numbers, in any shape.
  const OnnxNetValue& tensor(const OnnxNode& node, std::size_t i) const;
  // Of numbers, in a matrix or flat.
  const OnnxNetValue& numbers(const OnnxNode& node, std::size_t i) const;
  // Of a matrix of numbers.
  std::uint32_t slot(const OnnxNode& node, std::size_t i) const;
  // The same as floats, as operators of ai.onnx.ml read whatever numbers they are given.
  std::uint32_t floats(const OnnxNode& node, std::size_t i);
  // What bytes of the net stand for.
  OnnxNetBytes& bytes() noexcept { return bytes_; }
  const OnnxNetBytes& bytes() const noexcept { return bytes_; }
  void set_value(std::string_view name, OnnxNetValue value) { add_input(name, std::move(value)); }
  // Whether the file says that all inputs are a single row.
  bool has_single_rows() const;
  // Throws ResourceExhausted, by the node's name, when a row gets no more numbers; asked before
  // memory is.
  void expect_room(const OnnxNode& node, std::uint64_t numbers) const;
  // Which of `rank` sizes behind the rows an axis is.
  static std::size_t axis_of(const OnnxNode& node, std::int64_t axis, std::size_t rank);
  // These places of a value, in sizes of their own.
  OnnxNetValue moved(const OnnxNetValue& x, std::span<const std::uint32_t> columns,
                     std::vector<std::uint32_t> sizes);
  // For each place of a value of sizes `to`, that of one of sizes `from` that goes with it: sizes
  // of 1 and missing ones at the front go with all.
  std::vector<std::uint32_t> spread(const OnnxNode& node, std::span<const std::uint32_t> from,
                                    std::span<const std::uint32_t> to);
  // Each part of a row to one number.
  std::uint32_t reduced(std::uint32_t slot, Reduction how, std::uint32_t parts);
  // Columns alone are told apart: rows are never mixed.
  static void expect_columns(const OnnxNode& node, std::int64_t axis);
  // A column so many times.
  std::uint32_t repeated(std::uint32_t slot, std::size_t times);
  // Combined with a constant, before it if it is the left one, or with each other: sizes of 1 and
  // missing ones at the front go with all.
  OnnxNetValue with_tensor(const OnnxNode& node, Combination with, const OnnxNetValue& x,
                           const OnnxTensor& tensor, bool is_left);
  OnnxNetValue combined(const OnnxNode& node, Combination with, const OnnxNetValue& left,
                        const OnnxNetValue& right);
  std::uint32_t with_constant(const OnnxNode& node, Combination with, std::uint32_t x,
                              const OnnxTensor& tensor);
  std::uint32_t with_slot(const OnnxNode& node, Combination with, std::uint32_t left,
                          std::uint32_t right);
  // x times a constant matrix, and a bias if there is one.
  std::uint32_t read_matrix(const OnnxNode& node, const OnnxTensor& matrix, bool transposed,
                            std::span<const double> bias);
  // How many lines of the last size a value has.
  std::uint32_t lines_of(const OnnxNetValue& x) const;
  // A slot of these numbers in every row.
  std::uint32_t filled(std::uint32_t like, std::span<const double> numbers);

 private:
  void read_node(const OnnxNode& node);
  std::vector<bool> live_nodes(std::string_view name) const;
  void read_constant(const OnnxNode& node);
  void refuse_bytes(const OnnxNode& node) const;
  std::uint32_t read(const OnnxNode& node);

  // Layers, and what goes from number to number.
  std::uint32_t read_gemm(const OnnxNode& node);
  std::uint32_t read_softmax(const OnnxNode& node);
  // (x - mean) / sqrt(variance + epsilon) * scale + shift as a product and a sum.
  std::uint32_t read_batch_norm(const OnnxNode& node);
  std::uint32_t read_layer_norm(const OnnxNode& node);
  // Lower bounds first, as the operator has it.
  std::uint32_t read_clip(const OnnxNode& node);

  const OnnxGraph& graph_;
  GraphBuilder& net_;
  OnnxTexts& texts_;
  std::map<std::string_view, std::span<const std::byte>> stored_;  // constants not read yet
  std::map<std::string_view, OnnxTensor> constants_;
  std::map<std::string_view, OnnxNetValue> values_;
  std::optional<Forest> forest_;
  const OnnxNode* second_ = nullptr;
  std::uint64_t width_ = 0;  // of all slots so far
  OnnxNetBytes bytes_;
};

}  // namespace kedge
