#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "kedge/model/onnx_net_reader.h"

namespace kedge {

void OnnxNetReader::expect_columns(const OnnxNode& node, std::int64_t axis) const {
  if (axis != -1 && axis != 1) refuse(node, "axis ", axis);
}

std::uint32_t OnnxNetReader::read_concat(const OnnxNode& node) {
  expect_columns(node, node.integer("axis", 0));
  std::vector<std::uint32_t> slots;
  slots.reserve(node.inputs.size());
  for (std::size_t i = 0; i < node.inputs.size(); ++i) slots.push_back(slot(node, i));
  return net_.concat(slots);
}

std::uint32_t OnnxNetReader::read_reduction(const OnnxNode& node, Reduction how) {
  const OnnxTensor* tensor = constant(node, 1);
  std::vector<std::int64_t> axes(node.integers("axes").begin(), node.integers("axes").end());
  if (tensor != nullptr) axes = integers_of(node, *tensor);
  if (axes.size() != 1) refuse(node, axes.size(), " axes, 1 is wanted");
  expect_columns(node, axes.front());
  if (node.integer("keepdims", 1) != 1) refuse(node, "keepdims");
  return net_.reduce(slot(node, 0), how);
}

std::uint32_t OnnxNetReader::read_clip(const OnnxNode& node) {
  std::uint32_t x = slot(node, 0);
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

std::uint32_t OnnxNetReader::read_gather(const OnnxNode& node) {
  expect_columns(node, node.integer("axis", 0));
  const std::uint32_t x = slot(node, 0);
  const OnnxTensor& places = wanted(node, 1);
  if (places.shape.size() != 1) refuse(node, "a list of columns is wanted");
  const auto width = static_cast<std::int64_t>(net_.width(x));
  std::vector<std::uint32_t> columns;
  columns.reserve(places.numbers.size());
  for (const std::int64_t place : integers_of(node, places)) {
    if (place < -width || place >= width) refuse(node, "column ", place, " of ", width);
    columns.push_back(static_cast<std::uint32_t>(place < 0 ? place + width : place));
  }
  if (columns.empty()) refuse(node, "no columns are left");
  return net_.select(x, columns);
}

std::uint32_t OnnxNetReader::read_slice(const OnnxNode& node) {
  const std::uint32_t x = slot(node, 0);
  const auto width = static_cast<std::int64_t>(net_.width(x));
  const std::vector<std::int64_t> starts = integers_of(node, wanted(node, 1));
  const std::vector<std::int64_t> ends = integers_of(node, wanted(node, 2));
  const std::vector<std::int64_t> axes = integers_of(node, wanted(node, 3));
  if (starts.size() != 1 || ends.size() != 1 || axes.size() != 1) {
    refuse(node, "one axis is wanted");
  }
  expect_columns(node, axes.front());
  if (node.inputs.size() > 4 &&
      integers_of(node, wanted(node, 4)) != std::vector{std::int64_t{1}}) {
    refuse(node, "steps");
  }
  const auto place = [width](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + width : at, 0, width);
  };
  std::vector<std::uint32_t> columns;
  for (std::int64_t i = place(starts.front()); i < place(ends.front()); ++i) {
    columns.push_back(static_cast<std::uint32_t>(i));
  }
  if (columns.empty()) refuse(node, "no columns are left");
  return net_.select(x, columns);
}

std::vector<std::int64_t> OnnxNetReader::integers_of(const OnnxNode& node,
                                                     const OnnxTensor& tensor) {
  std::vector<std::int64_t> out;
  out.reserve(tensor.numbers.size());
  for (const double number : tensor.numbers) {
    if (!(std::fabs(number) < 0x1p62)) refuse(node, number, " is no place");
    out.push_back(static_cast<std::int64_t>(number));
  }
  return out;
}

}  // namespace kedge
