#include "kedge/model/onnx_net.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"

namespace kedge {
namespace {

struct Operator {
  std::string_view name;
  Activation activation;
  std::string_view alpha;  // its attribute, if it has one
  double otherwise;
};
constexpr Operator kActivations[] = {
    {"Relu", Activation::kRelu, "", 0},       {"LeakyRelu", Activation::kLeakyRelu, "alpha", 0.01},
    {"Elu", Activation::kElu, "alpha", 1},    {"Tanh", Activation::kTanh, "", 0},
    {"Sigmoid", Activation::kSigmoid, "", 0}, {"Exp", Activation::kExp, "", 0},
    {"Abs", Activation::kAbs, "", 0},         {"Neg", Activation::kNegate, "", 0},
    {"Sqrt", Activation::kSqrt, "", 0},       {"Softplus", Activation::kSoftplus, "", 0},
};

struct Binary {
  std::string_view name;
  Combination with;
  bool is_symmetric;
};
constexpr Binary kBinaries[] = {
    {"Add", Combination::kAdd, true},
    {"Sub", Combination::kSubtract, false},
    {"Mul", Combination::kMultiply, true},
    {"Div", Combination::kDivide, false},
};

constexpr std::string_view kTreeOperators[] = {"TreeEnsembleClassifier", "TreeEnsembleRegressor",
                                               "TreeEnsemble"};

// Nodes in the file's order, which is that of their values: each becomes steps.
class Reader {
 public:
  explicit Reader(const OnnxGraph& graph, GraphBuilder& builder) : graph_(graph), net_(builder) {
    for (const auto& bytes : graph.constants) {
      OnnxTensor tensor = read_onnx_tensor(bytes);
      constants_.emplace(tensor.name, std::move(tensor));
    }
    slots_.emplace(graph.inputs.front().name, 0);
  }

  // The slot of the prediction.
  std::uint32_t run() {
    for (const OnnxNode& node : graph_.nodes) {
      if (node.outputs.empty() || node.inputs.empty()) {
        if (node.operation == "Constant" && !node.outputs.empty()) {
          read_constant(node);
          continue;
        }
        refuse(node, "no inputs or outputs");
      }
      slots_[node.outputs.front()] = read(node);
    }
    if (graph_.outputs.size() != 1) {
      throw unsupported("an ONNX graph of ", graph_.outputs.size(), " outputs, 1 is wanted");
    }
    const auto found = slots_.find(graph_.outputs.front().name);
    if (found == slots_.end()) throw corrupt_data("the graph's output comes from nowhere");
    return found->second;
  }

 private:
  template <class... Parts>
  [[noreturn]] static void refuse(const OnnxNode& node, const Parts&... parts) {
    throw unsupported("ONNX node \"", node.name, "\" (", node.operation, "): ", parts...);
  }

  void read_constant(const OnnxNode& node) {
    const OnnxAttribute* value = node.find("value");
    if (value == nullptr || value->tensor.empty()) refuse(node, "no tensor");
    OnnxTensor tensor = read_onnx_tensor(value->tensor);
    constants_.insert_or_assign(node.outputs.front(), std::move(tensor));
  }

  const OnnxTensor* constant(const OnnxNode& node, std::size_t i) const {
    if (i >= node.inputs.size()) return nullptr;
    const auto found = constants_.find(node.inputs[i]);
    return found == constants_.end() ? nullptr : &found->second;
  }
  const OnnxTensor& wanted(const OnnxNode& node, std::size_t i) const {
    const OnnxTensor* tensor = constant(node, i);
    if (tensor == nullptr) refuse(node, "its input ", i, " is no constant");
    return *tensor;
  }
  std::uint32_t slot(const OnnxNode& node, std::size_t i) const {
    const auto found = i < node.inputs.size() ? slots_.find(node.inputs[i]) : slots_.end();
    if (found == slots_.end()) refuse(node, "its input ", i, " is no row's value");
    return found->second;
  }

  std::uint32_t read(const OnnxNode& node) {
    for (const Operator& each : kActivations) {
      if (node.operation != each.name) continue;
      const double alpha = each.alpha.empty() ? 0 : node.real(each.alpha, each.otherwise);
      return net_.activate(slot(node, 0), each.activation, alpha);
    }
    for (const Binary& each : kBinaries) {
      if (node.operation == each.name) return read_binary(node, each);
    }
    if (node.operation == "Gemm") return read_gemm(node);
    if (node.operation == "MatMul") return read_matrix(node, wanted(node, 1), false, {});
    if (node.operation == "Softmax") return read_softmax(node);
    if (node.operation == "Concat") return read_concat(node);
    if (node.operation == "BatchNormalization") return read_batch_norm(node);
    if (node.operation == "Gelu") {
      const bool is_tanh = node.text("approximate", "none") == "tanh";
      return net_.activate(slot(node, 0), is_tanh ? Activation::kGeluTanh : Activation::kGelu);
    }
    if (node.operation == "Identity" || node.operation == "Dropout") return slot(node, 0);
    refuse(node, "no step does this");
  }

  std::uint32_t read_matrix(const OnnxNode& node, const OnnxTensor& matrix, bool transposed,
                            std::span<const double> bias) {
    const std::uint32_t x = slot(node, 0);
    const std::size_t inputs = net_.width(x);
    if (matrix.shape.size() != 2 || matrix.numbers.empty() ||
        static_cast<std::size_t>(matrix.shape[transposed ? 1 : 0]) != inputs) {
      refuse(node, "its matrix does not fit ", inputs, " columns");
    }
    const std::size_t outputs = matrix.numbers.size() / inputs;
    if (!transposed) return net_.affine(x, outputs, matrix.numbers, bias);
    std::vector<double> turned(matrix.numbers.size());
    for (std::size_t j = 0; j < inputs; ++j) {
      for (std::size_t k = 0; k < outputs; ++k) {
        turned[j * outputs + k] = matrix.numbers[k * inputs + j];
      }
    }
    return net_.affine(x, outputs, turned, bias);
  }

  std::uint32_t read_gemm(const OnnxNode& node) {
    if (node.integer("transA", 0) != 0) refuse(node, "transA");
    if (node.real("alpha", 1) != 1 || node.real("beta", 1) != 1) refuse(node, "alpha or beta");
    std::vector<double> bias;
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) bias = wanted(node, 2).numbers;
    const OnnxTensor& matrix = wanted(node, 1);
    const bool transposed = node.integer("transB", 0) != 0;
    if (matrix.shape.size() == 2 && bias.size() == 1) {
      bias.resize(static_cast<std::size_t>(matrix.shape[transposed ? 0 : 1]), bias.front());
    }
    return read_matrix(node, matrix, transposed, bias);
  }

  std::uint32_t read_binary(const OnnxNode& node, const Binary& each) {
    const OnnxTensor* right = constant(node, 1);
    const OnnxTensor* left = constant(node, 0);
    if (left == nullptr && right == nullptr) {
      return read_two_slots(node, each, slot(node, 0), slot(node, 1));
    }
    if (left != nullptr && (!each.is_symmetric || right != nullptr)) {
      refuse(node, "its first input is a constant");
    }
    const std::uint32_t x = slot(node, left == nullptr ? 0 : 1);
    const OnnxTensor& tensor = left == nullptr ? *right : *left;
    if (tensor.numbers.size() != 1 &&
        (tensor.numbers.size() != net_.width(x) || tensor.shape.empty() ||
         tensor.shape.back() != static_cast<std::int64_t>(net_.width(x)))) {
      refuse(node, "a constant of ", tensor.numbers.size(), " for ", net_.width(x), " columns");
    }
    return net_.combine(each.with, x, tensor.numbers);
  }

  std::uint32_t read_two_slots(const OnnxNode& node, const Binary& each, std::uint32_t left,
                               std::uint32_t right) {
    if (net_.width(left) < net_.width(right) && each.is_symmetric) std::swap(left, right);
    if (net_.width(right) != 1 && net_.width(right) != net_.width(left)) {
      refuse(node, net_.width(left), " and ", net_.width(right), " columns");
    }
    return net_.combine(each.with, left, right);
  }

  std::uint32_t read_softmax(const OnnxNode& node) {
    const std::int64_t axis = node.integer("axis", -1);
    if (axis != -1 && axis != 1) refuse(node, "axis ", axis);
    return net_.softmax(slot(node, 0));
  }

  std::uint32_t read_concat(const OnnxNode& node) {
    const std::int64_t axis = node.integer("axis", 0);
    if (axis != -1 && axis != 1) refuse(node, "axis ", axis);
    std::vector<std::uint32_t> slots;
    slots.reserve(node.inputs.size());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) slots.push_back(slot(node, i));
    return net_.concat(slots);
  }

  // (x - mean) / sqrt(variance + epsilon) * scale + shift as a product and a sum.
  std::uint32_t read_batch_norm(const OnnxNode& node) {
    const std::uint32_t x = slot(node, 0);
    std::vector<double> factor = wanted(node, 1).numbers;
    std::vector<double> shift = wanted(node, 2).numbers;
    const std::vector<double>& mean = wanted(node, 3).numbers;
    const std::vector<double>& variance = wanted(node, 4).numbers;
    const double epsilon = node.real("epsilon", 1e-5);
    const std::size_t width = net_.width(x);
    if (factor.size() != width || shift.size() != width || mean.size() != width ||
        variance.size() != width) {
      refuse(node, "its constants do not fit ", width, " columns");
    }
    for (std::size_t i = 0; i < width; ++i) {
      factor[i] /= std::sqrt(variance[i] + epsilon);
      shift[i] -= mean[i] * factor[i];
    }
    return net_.combine(Combination::kAdd, net_.combine(Combination::kMultiply, x, factor), shift);
  }

  const OnnxGraph& graph_;
  GraphBuilder& net_;
  std::map<std::string_view, OnnxTensor> constants_;
  std::map<std::string_view, std::uint32_t> slots_;
};

std::size_t column_count(const OnnxGraph& graph) {
  if (graph.inputs.size() != 1) {
    throw unsupported("an ONNX graph of ", graph.inputs.size(), " inputs, 1 is wanted");
  }
  const OnnxValue& input = graph.inputs.front();
  if (input.type != OnnxType::kFloat || input.shape.size() != 2 || !input.shape.back()) {
    throw unsupported("input \"", input.name,
                      "\": a matrix of floats with a known number of columns is wanted");
  }
  const std::int64_t columns = *input.shape.back();
  if (columns < 1 || columns > kMostFeatures) {
    throw corrupt_data("input \"", input.name, "\" has ", columns, " columns, 1 to ", kMostFeatures,
                       " are possible");
  }
  return static_cast<std::size_t>(columns);
}

// A prediction made by a link from raw scores that are as many.
std::uint32_t raw_slot(const Graph& graph) {
  const GraphStep& last = graph.steps.back();
  const auto sigmoid = static_cast<std::uint32_t>(Activation::kSigmoid);
  const bool is_link = last.kind == StepKind::kSoftmax ||
                       (last.kind == StepKind::kActivate && last.option == sigmoid);
  const auto slots = static_cast<std::uint32_t>(graph.steps.size());
  const bool follows = is_link && graph.input(last, 0) + 1 == slots && slots > 1;
  return follows ? slots - 1 : slots;
}

}  // namespace

Net import_onnx_net(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const std::size_t columns = column_count(graph);
  GraphBuilder builder(columns, NumberKind::kFloat);
  std::uint32_t slot = Reader(graph, builder).run();
  Net net;
  net.origin = text("ONNX of ", graph.producer);
  for (std::size_t i = 0; i < columns; ++i) {
    net.features.push_back({text("x", i), FeatureKind::kNumber, {}});
  }
  // The prediction is the last slot.
  if (slot != builder.steps() || slot == 0) slot = builder.concat({&slot, 1});
  net.graph = builder.finish(slot);
  net.graph.raw_steps = raw_slot(net.graph);
  return net;
}

bool has_onnx_trees(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  return std::ranges::any_of(graph.nodes, [](const OnnxNode& node) {
    return std::ranges::find(kTreeOperators, node.operation) != std::end(kTreeOperators);
  });
}

}  // namespace kedge
