#include "kedge/model/onnx_net_reader.h"

#include <cmath>
#include <optional>

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

struct Combining {
  std::string_view name;
  Combination with;
};
constexpr Combining kBinaries[] = {{"Add", Combination::kAdd},
                                   {"Sub", Combination::kSubtract},
                                   {"Mul", Combination::kMultiply},
                                   {"Div", Combination::kDivide}};
// Of any number of inputs.
constexpr Combining kFolds[] = {
    {"Sum", Combination::kAdd}, {"Max", Combination::kMax}, {"Min", Combination::kMin}};

bool is_symmetric(Combination with) {
  return with != Combination::kSubtract && with != Combination::kDivide;
}

struct Reducing {
  std::string_view name;
  Reduction how;
};
constexpr Reducing kReductions[] = {{"ReduceSum", Reduction::kSum},
                                    {"ReduceMean", Reduction::kMean},
                                    {"ReduceMax", Reduction::kMax},
                                    {"ReduceMin", Reduction::kMin}};

}  // namespace

OnnxNetReader::OnnxNetReader(const OnnxGraph& graph, GraphBuilder& builder)
    : graph_(graph), net_(builder) {
  for (const auto& bytes : graph.constants) {
    OnnxTensor tensor = read_onnx_tensor(bytes);
    constants_.emplace(tensor.name, std::move(tensor));
  }
  slots_.emplace(graph.inputs.front().name, 0);
}

std::uint32_t OnnxNetReader::run() {
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

void OnnxNetReader::read_constant(const OnnxNode& node) {
  const OnnxAttribute* value = node.find("value");
  if (value == nullptr || value->tensor.empty()) refuse(node, "no tensor");
  OnnxTensor tensor = read_onnx_tensor(value->tensor);
  constants_.insert_or_assign(node.outputs.front(), std::move(tensor));
}

const OnnxTensor* OnnxNetReader::constant(const OnnxNode& node, std::size_t i) const {
  if (i >= node.inputs.size()) return nullptr;
  const auto found = constants_.find(node.inputs[i]);
  return found == constants_.end() ? nullptr : &found->second;
}

const OnnxTensor& OnnxNetReader::wanted(const OnnxNode& node, std::size_t i) const {
  const OnnxTensor* tensor = constant(node, i);
  if (tensor == nullptr) refuse(node, "its input ", i, " is no constant");
  return *tensor;
}

std::uint32_t OnnxNetReader::slot(const OnnxNode& node, std::size_t i) const {
  const auto found = i < node.inputs.size() ? slots_.find(node.inputs[i]) : slots_.end();
  if (found == slots_.end()) refuse(node, "its input ", i, " is no row's value");
  return found->second;
}

std::uint32_t OnnxNetReader::read(const OnnxNode& node) {
  for (const Operator& each : kActivations) {
    if (node.operation != each.name) continue;
    const double alpha = each.alpha.empty() ? 0 : node.real(each.alpha, each.otherwise);
    return net_.activate(slot(node, 0), each.activation, alpha);
  }
  for (const Combining& each : kBinaries) {
    if (node.operation == each.name) return read_binary(node, each.with);
  }
  for (const Combining& each : kFolds) {
    if (node.operation == each.name) return read_fold(node, each.with);
  }
  for (const Reducing& each : kReductions) {
    if (node.operation == each.name) return read_reduction(node, each.how);
  }
  if (node.operation == "Gemm") return read_gemm(node);
  if (node.operation == "MatMul") return read_matrix(node, wanted(node, 1), false, {});
  if (node.operation == "Softmax") return read_softmax(node);
  if (node.operation == "Concat") return read_concat(node);
  if (node.operation == "BatchNormalization") return read_batch_norm(node);
  if (node.operation == "LayerNormalization") return read_layer_norm(node);
  if (node.operation == "Clip") return read_clip(node);
  if (node.operation == "Gather") return read_gather(node);
  if (node.operation == "Slice") return read_slice(node);
  if (node.operation == "Flatten") {
    expect_columns(node, node.integer("axis", 1));
    return slot(node, 0);
  }
  if (node.operation == "Gelu") {
    const bool is_tanh = node.text("approximate", "none") == "tanh";
    return net_.activate(slot(node, 0), is_tanh ? Activation::kGeluTanh : Activation::kGelu);
  }
  if (node.operation == "Identity" || node.operation == "Dropout") return slot(node, 0);
  refuse(node, "no step does this");
}

std::uint32_t OnnxNetReader::read_matrix(const OnnxNode& node, const OnnxTensor& matrix,
                                         bool transposed, std::span<const double> bias) {
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

std::uint32_t OnnxNetReader::read_gemm(const OnnxNode& node) {
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

std::uint32_t OnnxNetReader::read_binary(const OnnxNode& node, Combination with) {
  const OnnxTensor* right = constant(node, 1);
  const OnnxTensor* left = constant(node, 0);
  if (left != nullptr && right == nullptr && with == Combination::kSubtract) {
    const std::uint32_t x = net_.activate(slot(node, 1), Activation::kNegate);
    return with_constant(node, Combination::kAdd, x, *left);
  }
  if (left == nullptr && right == nullptr) {
    return read_two_slots(node, with, slot(node, 0), slot(node, 1));
  }
  if (left != nullptr && (!is_symmetric(with) || right != nullptr)) {
    refuse(node, "its first input is a constant");
  }
  const std::uint32_t x = slot(node, left == nullptr ? 0 : 1);
  return with_constant(node, with, x, left == nullptr ? *right : *left);
}

std::uint32_t OnnxNetReader::with_constant(const OnnxNode& node, Combination with, std::uint32_t x,
                                           const OnnxTensor& tensor) {
  if (tensor.numbers.size() != 1 &&
      (tensor.numbers.size() != net_.width(x) || tensor.shape.empty() ||
       tensor.shape.back() != static_cast<std::int64_t>(net_.width(x)))) {
    refuse(node, "a constant of ", tensor.numbers.size(), " for ", net_.width(x), " columns");
  }
  return net_.combine(with, x, tensor.numbers);
}

std::uint32_t OnnxNetReader::read_two_slots(const OnnxNode& node, Combination with,
                                            std::uint32_t left, std::uint32_t right) {
  if (net_.width(left) < net_.width(right) && is_symmetric(with)) std::swap(left, right);
  if (net_.width(right) != 1 && net_.width(right) != net_.width(left)) {
    refuse(node, net_.width(left), " and ", net_.width(right), " columns");
  }
  return net_.combine(with, left, right);
}

std::uint32_t OnnxNetReader::read_fold(const OnnxNode& node, Combination with) {
  std::optional<std::uint32_t> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (constant(node, i) != nullptr) continue;
    all = all ? read_two_slots(node, with, *all, slot(node, i)) : slot(node, i);
  }
  if (!all) refuse(node, "all its inputs are constants");
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (const OnnxTensor* tensor = constant(node, i)) {
      all = with_constant(node, with, *all, *tensor);
    }
  }
  return *all;
}

std::uint32_t OnnxNetReader::read_softmax(const OnnxNode& node) {
  expect_columns(node, node.integer("axis", -1));
  return net_.softmax(slot(node, 0));
}

std::uint32_t OnnxNetReader::read_batch_norm(const OnnxNode& node) {
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

std::uint32_t OnnxNetReader::read_layer_norm(const OnnxNode& node) {
  expect_columns(node, node.integer("axis", -1));
  const std::uint32_t x = slot(node, 0);
  const std::vector<double>& scale = wanted(node, 1).numbers;
  const bool has_shift = node.inputs.size() > 2 && !node.inputs[2].empty();
  const std::vector<double> shift =
      has_shift ? wanted(node, 2).numbers : std::vector<double>(scale.size());
  if (scale.size() != net_.width(x) || shift.size() != scale.size()) {
    refuse(node, "its constants do not fit ", net_.width(x), " columns");
  }
  return net_.layer_norm(x, scale, shift, node.real("epsilon", 1e-5));
}

}  // namespace kedge
