// Which columns there are, in what shape and of what type.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

const OnnxNetValue& matrix(OnnxNetReader& net, const OnnxNode& node, std::size_t i) {
  const OnnxNetValue& x = net.value(node, i);
  if (x.form != OnnxForm::kMatrix) net.refuse(node, "its input ", i, " is no matrix");
  return x;
}

// These places of one axis, the others whole.
OnnxNetValue picked(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                    std::int64_t axis, const std::vector<std::int64_t>& places) {
  std::vector<std::uint32_t> sizes = sizes_of(x, net.net().width(x.slot));
  const std::size_t at = net.axis_of(node, axis, sizes.size());
  const std::int64_t size = sizes[at];
  if (places.empty()) net.refuse(node, "no columns are left");
  std::uint64_t inner = 1;
  for (std::size_t i = at + 1; i < sizes.size(); ++i) inner *= sizes[i];
  const std::uint64_t outer = net.net().width(x.slot) / inner / sizes[at];
  net.expect_room(node, outer * places.size() * inner);
  std::vector<std::uint32_t> columns;
  columns.reserve(outer * places.size() * inner);
  for (std::uint64_t i = 0; i < outer; ++i) {
    for (const std::int64_t place : places) {
      if (place < -size || place >= size) net.refuse(node, "column ", place, " of ", size);
      const auto whole = static_cast<std::uint64_t>(place < 0 ? place + size : place);
      for (std::uint64_t k = 0; k < inner; ++k) {
        columns.push_back(
            static_cast<std::uint32_t>((i * static_cast<std::uint64_t>(size) + whole) * inner + k));
      }
    }
  }
  sizes[at] = static_cast<std::uint32_t>(places.size());
  return net.moved(x, columns, std::move(sizes));
}

OnnxNetValue read_gather(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor& places = net.wanted(node, 1);
  if (places.shape.size() > 1) net.refuse(node, "a list of columns is wanted");
  const std::int64_t axis = node.integer("axis", 0);
  OnnxNetValue made = picked(net, node, net.value(node, 0), axis, net.integers_of(node, places));
  if (!places.shape.empty()) return made;
  std::vector<std::uint32_t> sizes = sizes_of(made, net.net().width(made.slot));
  sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(net.axis_of(node, axis, sizes.size())));
  set_sizes(made, std::move(sizes));
  return made;
}

OnnxNetValue read_extractor(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = matrix(net, node, 0);
  return picked(net, node, x, 1, net.integers_of(node, net.wanted(node, 1)));
}

OnnxNetValue sliced(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                    std::int64_t axis, std::int64_t start, std::int64_t end) {
  const std::vector<std::uint32_t> sizes = sizes_of(x, net.net().width(x.slot));
  const std::int64_t size = sizes[net.axis_of(node, axis, sizes.size())];
  const auto place = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  std::vector<std::int64_t> columns;
  columns.reserve(static_cast<std::size_t>(size));
  for (std::int64_t i = place(start); i < place(end); ++i) columns.push_back(i);
  return picked(net, node, x, axis, columns);
}

std::vector<std::int64_t> slice_axes(OnnxNetReader& net, const OnnxNode& node, std::size_t count) {
  if (node.inputs.size() > 3 && !node.inputs[3].empty()) {
    return net.integers_of(node, net.wanted(node, 3));
  }
  std::vector<std::int64_t> axes(count);
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  return axes;
}

OnnxNetValue read_slice(OnnxNetReader& net, const OnnxNode& node) {
  constexpr std::int64_t kAllRows = std::numeric_limits<std::int32_t>::max();
  const std::vector<std::int64_t> starts = net.integers_of(node, net.wanted(node, 1));
  const std::vector<std::int64_t> ends = net.integers_of(node, net.wanted(node, 2));
  const std::vector<std::int64_t> axes = slice_axes(net, node, starts.size());
  OnnxNetValue made = net.value(node, 0);
  const std::size_t rank = sizes_of(made, net.net().width(made.slot)).size() + 1;
  if (ends.size() != starts.size() || axes.size() != starts.size() || axes.size() > rank) {
    net.refuse(node, starts.size(), " starts, ", ends.size(), " ends, ", axes.size(), " axes");
  }
  if (node.inputs.size() > 4 && !node.inputs[4].empty()) {
    const std::vector<std::int64_t> steps = net.integers_of(node, net.wanted(node, 4));
    const auto ones = std::ranges::count(steps, std::int64_t{1});
    if (steps.size() != starts.size() || static_cast<std::size_t>(ones) != steps.size()) {
      net.refuse(node, "steps");
    }
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const bool is_all_rows = axes[i] == 0 && starts[i] == 0 && ends[i] >= kAllRows;
    if (!is_all_rows) made = sliced(net, node, made, axes[i], starts[i], ends[i]);
  }
  return made;
}

// Of inputs that lie one behind the other, each of `outer` parts so wide, the first part of each,
// then the second.
std::vector<std::uint32_t> in_turn(std::uint64_t outer, std::span<const std::uint64_t> widths) {
  std::vector<std::uint32_t> columns;
  for (std::uint64_t i = 0; i < outer; ++i) {
    std::uint64_t first = 0;
    for (const std::uint64_t width : widths) {
      for (std::uint64_t k = 0; k < width; ++k) {
        columns.push_back(static_cast<std::uint32_t>(first + i * width + k));
      }
      first += width * outer;
    }
  }
  return columns;
}

// The same sizes but for one axis. Side by side they lie by inputs; by the axes before that one
// first, if there are.
OnnxNetValue read_concat(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  std::vector<std::uint32_t> sizes = sizes_of(made, net.net().width(made.slot));
  const std::size_t axis = net.axis_of(node, node.integer("axis", 0), sizes.size());
  std::uint64_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) outer *= sizes[i];
  made.texts.clear();
  std::vector<std::uint32_t> slots;
  std::vector<std::uint64_t> widths;
  std::uint32_t total = 0;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const OnnxNetValue& x = net.value(node, i);
    const std::uint64_t width = net.net().width(x.slot);
    all += width;
    net.expect_room(node, all);
    std::vector<std::uint32_t> other = sizes_of(x, width);
    if (other.size() != sizes.size()) net.refuse(node, "its inputs have different shapes");
    total += other[axis];
    other[axis] = sizes[axis];
    if (other != sizes) net.refuse(node, "its inputs have different shapes");
    if (x.type != made.type || x.is_cut != made.is_cut) {
      net.refuse(node, "its inputs have different types");
    }
    slots.push_back(net.net().convert(x.slot, net.net().number_of(made.slot)));
    widths.push_back(width / outer);
    made.texts.insert(made.texts.end(), x.texts.begin(), x.texts.end());
  }
  sizes[axis] = total;
  made.slot = slots.size() == 1 ? slots.front() : net.net().concat(slots);
  set_sizes(made, sizes);
  if (outer == 1) return made;
  return net.moved(made, in_turn(outer, widths), sizes);
}

// Numbers of any type as floats, side by side.
OnnxNetValue read_vectorizer(OnnxNetReader& net, const OnnxNode& node) {
  std::vector<std::uint32_t> slots;
  slots.reserve(node.inputs.size());
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    all += net.net().width(net.slot(node, i));
    net.expect_room(node, all);
    slots.push_back(net.floats(node, i));
  }
  return {.slot = slots.size() == 1 ? slots.front() : net.net().concat(slots)};
}

// Where a reduction's numbers go: a matrix of one column, or flat.
OnnxForm form_of(const OnnxNode& node) {
  return node.integer("keepdims", 1) == 1 ? OnnxForm::kMatrix : OnnxForm::kFlat;
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
                                     {"ArgMax", read_place<false>},
                                     {"ArgMin", read_place<true>}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_columns() noexcept { return kRows; }

void OnnxNetReader::expect_columns(const OnnxNode& node, std::int64_t axis) {
  if (axis != -1 && axis != 1) refuse(node, "axis ", axis);
}

std::vector<std::int64_t> OnnxNetReader::integers_of(const OnnxNode& node,
                                                     const OnnxTensor& tensor) {
  std::vector<std::int64_t> out;
  out.reserve(tensor.numbers.size());
  constexpr double kMost = 0x1p62;  // far behind every place, as INT64_MAX is
  for (const double number : tensor.numbers) {
    if (std::isnan(number)) refuse(node, number, " is no place");
    out.push_back(static_cast<std::int64_t>(std::clamp(number, -kMost, kMost)));
  }
  return out;
}

}  // namespace kedge
