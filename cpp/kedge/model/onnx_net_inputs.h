// An ONNX graph's inputs as the columns of one row.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_reader.h"
#include "kedge/model/trees.h"

namespace kedge {

class OnnxInputs {
 public:
  // Throws Unsupported for inputs that are no matrices of numbers or text. `graph` outlives it.
  explicit OnnxInputs(const OnnxGraph& graph);

  std::size_t count() const noexcept { return count_; }
  bool has_text() const;
  NumberKind number() const;
  void add_to(OnnxNetReader& reader, GraphBuilder& builder) const;
  std::vector<Feature> features(const OnnxTexts& texts) const;

 private:
  std::size_t end(std::size_t i) const { return i + 1 < first_.size() ? first_[i + 1] : count_; }
  std::string name(std::size_t i, std::size_t column) const;

  const std::vector<OnnxValue>& inputs_;
  std::vector<std::size_t> first_;  // column of each
  std::size_t count_ = 0;
};

}  // namespace kedge
