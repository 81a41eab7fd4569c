#include "kedge/model/onnx_net_outputs.h"

#include <algorithm>
#include <array>

#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 2> kTexts = {"classlabels_strings", "classes_strings"};
constexpr std::array<std::string_view, 2> kIntegers = {"classlabels_ints", "classlabels_int64s"};
// A label comes of few nodes, whatever a file says.
constexpr std::size_t kMostSteps = 16;

const OnnxNode* maker_of(const OnnxGraph& graph, std::string_view value) {
  const auto found = std::ranges::find_if(graph.nodes, [&](const OnnxNode& node) {
    return std::ranges::find(node.outputs, value) != node.outputs.end();
  });
  return found == graph.nodes.end() ? nullptr : &*found;
}

std::vector<std::string> classes_of(const OnnxNode& node) {
  for (const std::string_view name : kTexts) {
    const auto texts = node.texts(name);
    if (!texts.empty()) return {texts.begin(), texts.end()};
  }
  std::vector<std::string> classes;
  for (const std::string_view name : kIntegers) {
    for (const std::int64_t label : node.integers(name)) classes.push_back(text(label));
    if (!classes.empty()) break;
  }
  return classes;
}

// Of a lookup in a constant.
std::vector<std::string> classes_of(const OnnxGraph& graph, std::string_view constant) {
  for (const auto& bytes : graph.constants) {
    if (onnx_tensor_name(bytes) != constant) continue;
    const OnnxTensor tensor = read_onnx_tensor(bytes);
    std::vector<std::string> classes(tensor.texts.begin(), tensor.texts.end());
    for (const double number : tensor.numbers) classes.push_back(text(number));
    return classes;
  }
  return {};
}

std::vector<std::string> classes_behind(const OnnxGraph& graph, std::string_view label) {
  for (std::size_t i = 0; i < kMostSteps; ++i) {
    const OnnxNode* maker = maker_of(graph, label);
    if (maker == nullptr || maker->inputs.empty()) return {};
    if (std::vector<std::string> classes = classes_of(*maker); !classes.empty()) return classes;
    label = maker->inputs.front();
    if (std::vector<std::string> classes = classes_of(graph, label); !classes.empty()) {
      return classes;
    }
  }
  return {};
}

}  // namespace

OnnxPrediction find_onnx_prediction(const OnnxGraph& graph) {
  OnnxPrediction found;
  std::size_t count = 0;
  for (const OnnxValue& output : graph.outputs) {
    const OnnxNode* maker = maker_of(graph, output.name);
    const bool is_map =
        maker != nullptr && maker->operation == "ZipMap" && maker->has_known_domain();
    if (!is_map && (is_whole(output.type) || output.type == OnnxType::kString)) {
      if (found.classes.empty()) found.classes = classes_behind(graph, output.name);
      continue;
    }
    ++count;
    found.name = output.name;
    if (!is_map) continue;
    if (maker->inputs.empty()) throw corrupt_data("ZipMap: no inputs");
    found.name = maker->inputs.front();
    found.classes = classes_of(*maker);
  }
  for (const std::string& name : found.classes) {
    if (!is_utf8(name)) throw corrupt_data("the graph has a class whose name is not UTF-8");
  }
  if (count != 1) {
    throw unsupported("an ONNX graph of ", graph.outputs.size(), " outputs, ", count,
                      " of numbers, 1 is wanted");
  }
  return found;
}

}  // namespace kedge
