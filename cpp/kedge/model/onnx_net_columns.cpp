// Which columns there are, in what shape and of what type.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

const OnnxNetValue& matrix(OnnxNetReader& net, const OnnxNode& node, std::size_t i) {
  const OnnxNetValue& x = net.value(node, i);
  if (x.form != OnnxForm::kMatrix) net.refuse(node, "its input ", i, " is no matrix");
  return x;
}

OnnxNetValue selected(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                      const std::vector<std::int64_t>& places) {
  const auto width = static_cast<std::int64_t>(net.net().width(x.slot));
  if (places.empty()) net.refuse(node, "no columns are left");
  OnnxNetValue made = x;
  made.texts.clear();
  std::vector<std::uint32_t> columns;
  columns.reserve(places.size());
  for (const std::int64_t place : places) {
    if (place < -width || place >= width) net.refuse(node, "column ", place, " of ", width);
    columns.push_back(static_cast<std::uint32_t>(place < 0 ? place + width : place));
    if (!x.texts.empty()) made.texts.push_back(x.texts[columns.back()]);
  }
  std::vector<std::uint32_t> all(static_cast<std::size_t>(width));
  std::iota(all.begin(), all.end(), 0U);
  if (columns != all) made.slot = net.net().select(x.slot, columns);
  return made;
}

OnnxNetValue read_gather(OnnxNetReader& net, const OnnxNode& node) {
  net.expect_columns(node, node.integer("axis", 0));
  const OnnxTensor& places = net.wanted(node, 1);
  if (places.shape.size() != 1) net.refuse(node, "a list of columns is wanted");
  return selected(net, node, matrix(net, node, 0), net.integers_of(node, places));
}

OnnxNetValue read_extractor(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = matrix(net, node, 0);
  return selected(net, node, x, net.integers_of(node, net.wanted(node, 1)));
}

OnnxNetValue read_slice(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = matrix(net, node, 0);
  const auto width = static_cast<std::int64_t>(net.net().width(x.slot));
  const std::vector<std::int64_t> starts = net.integers_of(node, net.wanted(node, 1));
  const std::vector<std::int64_t> ends = net.integers_of(node, net.wanted(node, 2));
  const std::vector<std::int64_t> axes = net.integers_of(node, net.wanted(node, 3));
  if (starts.size() != 1 || ends.size() != 1 || axes.size() != 1) {
    net.refuse(node, "one axis is wanted");
  }
  net.expect_columns(node, axes.front());
  if (node.inputs.size() > 4 &&
      net.integers_of(node, net.wanted(node, 4)) != std::vector{std::int64_t{1}}) {
    net.refuse(node, "steps");
  }
  const auto place = [width](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + width : at, 0, width);
  };
  std::vector<std::int64_t> columns;
  columns.reserve(static_cast<std::size_t>(width));
  for (std::int64_t i = place(starts.front()); i < place(ends.front()); ++i) columns.push_back(i);
  return selected(net, node, x, columns);
}

OnnxNetValue joined(OnnxNetReader& net, const OnnxNode& node, OnnxNetValue made) {
  made.texts.clear();
  std::vector<std::uint32_t> slots;
  slots.reserve(node.inputs.size());
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const OnnxNetValue& x = net.value(node, i);
    if (x.form != made.form || x.columns != 1) net.refuse(node, "its inputs have different shapes");
    if (x.type != made.type || x.is_cut != made.is_cut) {
      net.refuse(node, "its inputs have different types");
    }
    const NumberKind number = net.net().number_of(net.value(node, 0).slot);
    slots.push_back(net.net().convert(x.slot, number));
    made.texts.insert(made.texts.end(), x.texts.begin(), x.texts.end());
  }
  made.slot = slots.size() == 1 ? slots.front() : net.net().concat(slots);
  return made;
}

OnnxNetValue read_concat(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& first = net.value(node, 0);
  const std::int64_t last = first.form == OnnxForm::kDeep ? 2 : 1;
  const std::int64_t axis = node.integer("axis", 0);
  if (first.form == OnnxForm::kFlat || (axis != -1 && axis != last)) {
    net.refuse(node, "axis ", axis);
  }
  return joined(net, node, first);
}

// Numbers of any type as floats, side by side.
OnnxNetValue read_vectorizer(OnnxNetReader& net, const OnnxNode& node) {
  std::vector<std::uint32_t> slots;
  slots.reserve(node.inputs.size());
  for (std::size_t i = 0; i < node.inputs.size(); ++i) slots.push_back(net.floats(node, i));
  return {.slot = slots.size() == 1 ? slots.front() : net.net().concat(slots)};
}

// A shape that keeps the rows apart.
OnnxNetValue read_reshape(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  const auto width = static_cast<std::int64_t>(net.net().width(made.slot));
  const std::vector<std::int64_t> shape = net.integers_of(node, net.wanted(node, 1));
  const bool is_flat = shape.size() == 1 && shape[0] == -1 && width == 1;
  const bool is_matrix = shape.size() == 2 && ((shape[0] == -1 && shape[1] == width) ||
                                               (shape[0] == 0 && shape[1] == width) ||
                                               (shape[0] == 0 && shape[1] == -1));
  if (!is_flat && !is_matrix) net.refuse(node, "it does not keep ", width, " columns in a row");
  made.form = is_flat ? OnnxForm::kFlat : OnnxForm::kMatrix;
  made.columns = 1;
  return made;
}

OnnxNetValue read_flatten(OnnxNetReader& net, const OnnxNode& node) {
  net.expect_columns(node, node.integer("axis", 1));
  OnnxNetValue made = net.value(node, 0);
  made.form = OnnxForm::kMatrix;
  made.columns = 1;
  return made;
}

std::vector<std::int64_t> axes_of(OnnxNetReader& net, const OnnxNode& node) {
  if (const OnnxTensor* tensor = net.constant(node, 1)) return net.integers_of(node, *tensor);
  return {node.integers("axes").begin(), node.integers("axes").end()};
}

void expect_axis(OnnxNetReader& net, const OnnxNode& node) {
  const std::vector<std::int64_t> axes = axes_of(net, node);
  if (axes.size() != 1) net.refuse(node, axes.size(), " axes, 1 is wanted");
  net.expect_columns(node, axes.front());
}

OnnxNetValue read_squeeze(OnnxNetReader& net, const OnnxNode& node) {
  expect_axis(net, node);
  OnnxNetValue made = matrix(net, node, 0);
  if (net.net().width(made.slot) != 1) net.refuse(node, "it has several columns");
  made.form = OnnxForm::kFlat;
  return made;
}

OnnxNetValue read_unsqueeze(OnnxNetReader& net, const OnnxNode& node) {
  expect_axis(net, node);
  OnnxNetValue made = net.value(node, 0);
  if (made.form != OnnxForm::kFlat) net.refuse(node, "it makes three dimensions");
  made.form = OnnxForm::kMatrix;
  return made;
}

// Where a reduction's numbers go: a matrix of one column, or flat.
OnnxForm form_of(const OnnxNode& node) {
  return node.integer("keepdims", 1) == 1 ? OnnxForm::kMatrix : OnnxForm::kFlat;
}

template <Reduction kHow, bool kSquared = false>
OnnxNetValue read_reduction(OnnxNetReader& net, const OnnxNode& node) {
  expect_axis(net, node);
  std::uint32_t x = net.slot(node, 0);
  if (kSquared) x = net.net().combine(Combination::kMultiply, x, x);
  return {
      .slot = net.net().reduce(x, kHow), .type = net.value(node, 0).type, .form = form_of(node)};
}

template <bool kLeast>
OnnxNetValue read_place(OnnxNetReader& net, const OnnxNode& node) {
  net.expect_columns(node, node.integer("axis", 0));
  if (node.integer("select_last_index", 0) != 0) net.refuse(node, "select_last_index");
  std::uint32_t x = net.slot(node, 0);
  if (kLeast) x = net.net().activate(x, Activation::kNegate);
  x = net.net().convert(net.net().reduce(x, Reduction::kArgMax), NumberKind::kDouble);
  return {.slot = x, .type = OnnxType::kInt64, .form = form_of(node)};
}

OnnxNetValue to_text(OnnxNetReader& net, const OnnxNode& node, OnnxNetValue x) {
  if (x.type == OnnxType::kString) return x;
  if (!is_whole(x.type) || x.type == OnnxType::kBool) net.refuse(node, "fractions to text");
  x.type = OnnxType::kString;
  x.texts.assign(net.net().width(x.slot), OnnxTexts::kNumbers);
  return x;
}

// NaN is true, as it is not 0.
OnnxNetValue to_bool(OnnxNetReader& net, OnnxNetValue x) {
  if (x.type == OnnxType::kBool) return x;
  constexpr std::array kZero = {0.0};
  x.slot = net.net().place(x.slot, Placing::kEqual, kZero);
  x.slot = net.net().fill(x.slot, std::vector<double>(net.net().width(x.slot), 1.0));
  x.type = OnnxType::kBool;
  return x;
}

OnnxNetValue read_cast(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue x = net.value(node, 0);
  const auto to = static_cast<OnnxType>(node.integer("to", 0));
  if (to == OnnxType::kString) return to_text(net, node, x);
  if (x.type == OnnxType::kString) net.refuse(node, "text to numbers");
  if (is_whole(to) && to != OnnxType::kUint8) {
    if (to == OnnxType::kBool && !x.is_cut) return to_bool(net, x);
    if (to == OnnxType::kBool) net.refuse(node, "integers made of fractions to truth values");
    if (is_whole(x.type) && !x.is_cut) {
      x.slot = net.net().convert(x.slot, NumberKind::kDouble);
    } else {
      x.is_cut = true;
    }
    x.type = to;
    return x;
  }
  if (to != OnnxType::kFloat && to != OnnxType::kDouble) {
    net.refuse(node, "to type ", static_cast<std::int32_t>(to));
  }
  if (x.is_cut) net.refuse(node, "integers made of fractions to floats");
  x.slot =
      net.net().convert(x.slot, to == OnnxType::kFloat ? NumberKind::kFloat : NumberKind::kDouble);
  x.type = to;
  return x;
}

OnnxNetValue read_same(OnnxNetReader& net, const OnnxNode& node) { return net.value(node, 0); }

constexpr OnnxNetOperator kRows[] = {{"Identity", read_same},
                                     {"Dropout", read_same},
                                     {"Cast", read_cast},
                                     {"Concat", read_concat},
                                     {"FeatureVectorizer", read_vectorizer},
                                     {"Gather", read_gather},
                                     {"ArrayFeatureExtractor", read_extractor},
                                     {"Slice", read_slice},
                                     {"Reshape", read_reshape},
                                     {"Flatten", read_flatten},
                                     {"Squeeze", read_squeeze},
                                     {"Unsqueeze", read_unsqueeze},
                                     {"ArgMax", read_place<false>},
                                     {"ArgMin", read_place<true>},
                                     {"ReduceSum", read_reduction<Reduction::kSum>},
                                     {"ReduceSumSquare", read_reduction<Reduction::kSum, true>},
                                     {"ReduceMean", read_reduction<Reduction::kMean>},
                                     {"ReduceMax", read_reduction<Reduction::kMax>},
                                     {"ReduceMin", read_reduction<Reduction::kMin>}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_columns() noexcept { return kRows; }

void OnnxNetReader::expect_columns(const OnnxNode& node, std::int64_t axis) {
  if (axis != -1 && axis != 1) refuse(node, "axis ", axis);
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
