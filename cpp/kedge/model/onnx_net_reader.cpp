#include "kedge/model/onnx_net_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "kedge/model/onnx_net_bytes.h"
#include "kedge/model/onnx_net_operators.h"

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

constexpr const char* kFormNames[] = {"a matrix", "a list", "one number", "a matrix for each row"};

// What is known of a value is kept by its name.
void expect_one_value_a_name(const OnnxGraph& graph) {
  std::set<std::string_view> known;
  const auto add = [&](std::string_view name) {
    if (name.empty() || known.insert(name).second) return;
    throw corrupt_data("the graph has two values of the name \"", name, "\"");
  };
  for (const OnnxValue& input : graph.inputs) add(input.name);
  for (const auto& bytes : graph.constants) add(onnx_tensor_name(bytes));
  for (const OnnxNode& node : graph.nodes) std::ranges::for_each(node.outputs, add);
}

}  // namespace

OnnxNetReader::OnnxNetReader(const OnnxGraph& graph, GraphBuilder& builder, OnnxTexts& texts)
    : graph_(graph), net_(builder), texts_(texts) {
  expect_one_value_a_name(graph);
  for (const auto& bytes : graph.constants) stored_.emplace(onnx_tensor_name(bytes), bytes);
}

void OnnxNetReader::add_input(std::string_view name, OnnxNetValue value) {
  values_.insert_or_assign(name, std::move(value));
}

void OnnxNetReader::want_second(std::string_view name) {
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    const OnnxNode& node = graph_.nodes[i];
    if (std::ranges::find(node.outputs, name) == node.outputs.end()) continue;
    second_ = &node;
    const bool is_same = node.operation == "Identity" || node.operation == "Cast";
    if (!is_same || node.inputs.empty()) return;
    name = node.inputs.front();
  }
}

OnnxNetValue OnnxNetReader::run(std::string_view name) {
  const std::vector<bool> is_live = live_nodes(name);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (is_live[i]) read_node(graph_.nodes[i]);
  }
  const auto found = values_.find(name);
  if (found == values_.end()) throw corrupt_data("the graph's output comes from nowhere");
  return found->second;
}

std::vector<std::string> OnnxNetReader::refusals(std::string_view name) {
  std::vector<std::string> found;
  std::set<std::string_view> lost;
  const std::vector<bool> is_live = live_nodes(name);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!is_live[i]) continue;
    const OnnxNode& node = graph_.nodes[i];
    const bool is_lost = std::ranges::any_of(
        node.inputs, [&](std::string_view input) { return lost.contains(input); });
    try {
      if (!is_lost) read_node(node);
      if (!is_lost) continue;
    } catch (const Error& error) {
      found.emplace_back(error.what());
    }
    lost.insert(node.outputs.begin(), node.outputs.end());
    for (const std::string_view input : node.inputs) {
      const auto value = values_.find(input);
      if (value == values_.end() || value->second.texts.empty()) continue;
      refuse(node, "it takes text, and what text there is only encoders say");
    }
  }
  return found;
}

std::vector<bool> OnnxNetReader::live_nodes(std::string_view name) const {
  std::set<std::string_view> wanted = {name};
  std::vector<bool> is_live(graph_.nodes.size());
  for (std::size_t i = is_live.size(); i-- > 0;) {
    const OnnxNode& node = graph_.nodes[i];
    is_live[i] = std::ranges::any_of(
        node.outputs, [&](std::string_view output) { return wanted.contains(output); });
    if (is_live[i]) wanted.insert(node.inputs.begin(), node.inputs.end());
  }
  return is_live;
}

void OnnxNetReader::read_node(const OnnxNode& node) {
  if (!node.has_known_domain()) refuse(node, "its domain is \"", node.domain, "\"");
  for (const std::string_view input : node.inputs) {
    const auto found = stored_.find(input);
    if (found == stored_.end()) continue;
    constants_.insert_or_assign(input, read_onnx_tensor(found->second));
    stored_.erase(found);
  }
  if (node.operation == "Constant" && !node.outputs.empty()) return read_constant(node);
  if (node.outputs.empty() || node.inputs.empty()) refuse(node, "no inputs or outputs");
  if (fold_onnx_constant(*this, node)) return;
  const std::uint32_t before = net_.steps();
  OnnxNetValue made;
  std::size_t output = 0;
  if (const OnnxNetOperator* row = find_onnx_net_operator(node.operation)) {
    output = row->output;
    if (!row->takes_bytes) refuse_bytes(node);
    if (output >= node.outputs.size()) refuse(node, "no output of scores");
    made = row->read(*this, node);
  } else {
    refuse_bytes(node);
    made.slot = read(node);
    for (std::size_t i = node.inputs.size(); i-- > 0;) {
      const auto found = values_.find(node.inputs[i]);
      if (found == values_.end()) continue;
      made.type = found->second.type;
      made.form = found->second.form;
      made.sizes = found->second.sizes;
    }
  }
  for (std::uint32_t slot = before + 1; slot <= net_.steps(); ++slot) width_ += net_.width(slot);
  expect_room(node, 0);
  values_.insert_or_assign(node.outputs[output], std::move(made));
}

void OnnxNetReader::expect_room(const OnnxNode& node, std::uint64_t numbers) const {
  if (numbers <= kMostGraphWidth && width_ + numbers <= kMostGraphWidth) return;
  throw resource_exhausted("ONNX node \"", node.name, "\" (", node.operation,
                           "): a row takes more than ", kMostGraphWidth, " numbers");
}

void OnnxNetReader::refuse_bytes(const OnnxNode& node) const {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto found = values_.find(node.inputs[i]);
    if (found != values_.end() && net_.number_of(found->second.slot) == NumberKind::kByte) {
      refuse(node, "its input ", i, " is bytes, which no step takes here");
    }
  }
}

bool OnnxNetReader::has_single_rows() const {
  return std::ranges::all_of(graph_.inputs, [](const OnnxValue& input) {
    return !input.shape.empty() && input.shape.front() == std::int64_t{1};
  });
}

void OnnxNetReader::read_constant(const OnnxNode& node) {
  const OnnxAttribute* value = node.find("value");
  if (value == nullptr || value->tensor.empty()) refuse(node, "no tensor");
  set_constant(node, read_onnx_tensor(value->tensor));
}

void OnnxNetReader::set_constant(const OnnxNode& node, OnnxTensor tensor) {
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

const OnnxNetValue& OnnxNetReader::value(const OnnxNode& node, std::size_t i) const {
  const auto found = i < node.inputs.size() ? values_.find(node.inputs[i]) : values_.end();
  if (found == values_.end()) refuse(node, "its input ", i, " is no row's value");
  return found->second;
}

const OnnxNetValue& OnnxNetReader::numbers(const OnnxNode& node, std::size_t i) const {
  const OnnxNetValue& found = tensor(node, i);
  if (found.form == OnnxForm::kDeep) refuse(node, "its input ", i, " has three dimensions");
  return found;
}

const OnnxNetValue& OnnxNetReader::tensor(const OnnxNode& node, std::size_t i) const {
  const OnnxNetValue& found = value(node, i);
  if (found.type == OnnxType::kString) refuse(node, "its input ", i, " is text");
  if (found.is_cut) refuse(node, "its input ", i, " are integers made of fractions");
  // Whole numbers lie in doubles but for these.
  const bool is_sum =
      found.type == OnnxType::kInt32 && net_.number_of(found.slot) == NumberKind::kFloat;
  if (is_sum) refuse(node, "its input ", i, " are sums of bytes, which only Cast takes");
  return found;
}

std::uint32_t OnnxNetReader::slot(const OnnxNode& node, std::size_t i) const {
  const OnnxNetValue& found = numbers(node, i);
  if (found.form != OnnxForm::kMatrix) {
    refuse(node, "its input ", i, " is ", kFormNames[static_cast<std::size_t>(found.form)]);
  }
  return found.slot;
}

std::uint32_t OnnxNetReader::floats(const OnnxNode& node, std::size_t i) {
  return net_.convert(slot(node, i), NumberKind::kFloat);
}

std::uint32_t OnnxNetReader::read(const OnnxNode& node) {
  for (const Operator& each : kActivations) {
    if (node.operation != each.name) continue;
    const double alpha = each.alpha.empty() ? 0 : node.real(each.alpha, each.otherwise);
    return net_.activate(tensor(node, 0).slot, each.activation, alpha);
  }
  if (node.operation == "Gemm") return read_gemm(node);
  if (node.operation == "Softmax") return read_softmax(node);
  if (node.operation == "BatchNormalization") return read_batch_norm(node);
  if (node.operation == "LayerNormalization") return read_layer_norm(node);
  if (node.operation == "Clip") return read_clip(node);
  if (node.operation == "Gelu") {
    const bool is_tanh = node.text("approximate", "none") == "tanh";
    return net_.activate(tensor(node, 0).slot, is_tanh ? Activation::kGeluTanh : Activation::kGelu);
  }
  refuse(node, "no step does this");
}

std::uint32_t OnnxNetReader::read_matrix(const OnnxNode& node, const OnnxTensor& matrix,
                                         bool transposed, std::span<const double> bias) {
  const OnnxNetValue& value = tensor(node, 0);
  if (value.form == OnnxForm::kFlat || value.form == OnnxForm::kScalar) (void)slot(node, 0);
  const std::uint32_t x = value.slot;
  const std::uint32_t lines = lines_of(value);
  const std::size_t inputs = net_.width(x) / lines;
  if (matrix.shape.size() != 2 || matrix.numbers.empty() ||
      static_cast<std::size_t>(matrix.shape[transposed ? 1 : 0]) != inputs) {
    refuse(node, "its matrix does not fit ", inputs, " columns");
  }
  const std::size_t outputs = matrix.numbers.size() / inputs;
  expect_room(node, std::uint64_t{outputs} * lines);
  if (!transposed) return net_.affine(x, outputs, matrix.numbers, bias, lines);
  std::vector<double> turned(matrix.numbers.size());
  for (std::size_t j = 0; j < inputs; ++j) {
    for (std::size_t k = 0; k < outputs; ++k) {
      turned[j * outputs + k] = matrix.numbers[k * inputs + j];
    }
  }
  return net_.affine(x, outputs, turned, bias, lines);
}

std::uint32_t OnnxNetReader::lines_of(const OnnxNetValue& x) const {
  if (x.form != OnnxForm::kDeep) return 1;
  return static_cast<std::uint32_t>(net_.width(x.slot) / x.sizes.back());
}

// x W alpha + c beta; c is a constant or a slot.
std::uint32_t OnnxNetReader::read_gemm(const OnnxNode& node) {
  if (node.integer("transA", 0) != 0) refuse(node, "transA");
  if (const auto sums = gemm_of_bytes(*this, node)) return *sums;
  const bool has_third = node.inputs.size() > 2 && !node.inputs[2].empty();
  const OnnxTensor* third = constant(node, 2);
  std::vector<double> bias;
  if (third != nullptr) bias = third->numbers;
  OnnxTensor matrix = wanted(node, 1);
  const double alpha = node.real("alpha", 1);
  const double beta = node.real("beta", 1);
  for (double& weight : matrix.numbers) weight *= alpha;
  for (double& number : bias) number *= beta;
  const bool transposed = node.integer("transB", 0) != 0;
  if (matrix.shape.size() == 2 && bias.size() == 1) {
    bias.resize(static_cast<std::size_t>(matrix.shape[transposed ? 0 : 1]), bias.front());
  }
  const std::uint32_t product = read_matrix(node, matrix, transposed, bias);
  if (!has_third || third != nullptr) return product;
  const std::uint32_t other = net_.combine(Combination::kMultiply, slot(node, 2), {&beta, 1});
  return with_slot(node, Combination::kAdd, product, other);
}

std::uint32_t OnnxNetReader::read_softmax(const OnnxNode& node) {
  const OnnxNetValue& x = tensor(node, 0);
  if (x.form != OnnxForm::kDeep) {
    expect_columns(node, node.integer("axis", -1));
    return net_.softmax(slot(node, 0));
  }
  const std::int64_t axis = node.integer("axis", 0);  // older graphs mean others by none
  if (axis != -1 && axis != std::ssize(x.sizes)) refuse(node, "axis ", axis);
  return net_.softmax(x.slot, lines_of(x));
}

std::uint32_t OnnxNetReader::read_batch_norm(const OnnxNode& node) {
  const OnnxNetValue& value = tensor(node, 0);
  const std::uint32_t x = value.form == OnnxForm::kDeep ? value.slot : slot(node, 0);
  std::vector<double> factor = wanted(node, 1).numbers;
  std::vector<double> shift = wanted(node, 2).numbers;
  const std::vector<double>& mean = wanted(node, 3).numbers;
  const std::vector<double>& variance = wanted(node, 4).numbers;
  const double epsilon = node.real("epsilon", 1e-5);
  const std::size_t width = sizes_of(value, net_.width(x)).front();
  if (width == 0 || factor.size() != width || shift.size() != width || mean.size() != width ||
      variance.size() != width) {
    refuse(node, "its constants do not fit ", width, " columns");
  }
  for (std::size_t i = 0; i < width; ++i) {
    factor[i] /= std::sqrt(variance[i] + epsilon);
    shift[i] -= mean[i] * factor[i];
  }
  const std::size_t each = net_.width(x) / width;  // numbers of a channel
  std::vector<double> factors(net_.width(x));
  std::vector<double> shifts(factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i] = factor[i / each];
    shifts[i] = shift[i / each];
  }
  return net_.combine(Combination::kAdd, net_.combine(Combination::kMultiply, x, factors), shifts);
}

std::uint32_t OnnxNetReader::read_layer_norm(const OnnxNode& node) {
  const OnnxNetValue& value = tensor(node, 0);
  const bool is_deep = value.form == OnnxForm::kDeep;
  const std::int64_t axis = node.integer("axis", -1);
  if (!is_deep) expect_columns(node, axis);
  if (is_deep && axis != -1 && axis != std::ssize(value.sizes)) refuse(node, "axis ", axis);
  const std::uint32_t x = is_deep ? value.slot : slot(node, 0);
  const std::uint32_t lines = lines_of(value);
  const std::vector<double>& scale = wanted(node, 1).numbers;
  const bool has_shift = node.inputs.size() > 2 && !node.inputs[2].empty();
  const std::vector<double> shift =
      has_shift ? wanted(node, 2).numbers : std::vector<double>(scale.size());
  if (scale.size() != net_.width(x) / lines || shift.size() != scale.size()) {
    refuse(node, "its constants do not fit ", net_.width(x) / lines, " columns");
  }
  return net_.layer_norm(x, scale, shift, node.real("epsilon", 1e-5), lines);
}

std::uint32_t OnnxNetReader::read_clip(const OnnxNode& node) {
  std::uint32_t x = tensor(node, 0).slot;
  const Combination sides[] = {Combination::kMax, Combination::kMin};
  const std::string_view names[] = {"min", "max"};
  for (std::size_t i = 0; i < 2; ++i) {
    const OnnxAttribute* attribute = node.find(names[i]);
    if (i + 1 < node.inputs.size() && !node.inputs[i + 1].empty()) {
      x = with_constant(node, sides[i], x, wanted(node, i + 1));
    } else if (attribute != nullptr) {
      const double bound = attribute->real;
      x = net_.combine(sides[i], x, {&bound, 1});
    }
  }
  return x;
}

}  // namespace kedge
