// In what shape the numbers of a row are: what only renames places costs nothing, what moves them
// is a selection. Rows stay apart.
#include <algorithm>
#include <cmath>
#include <utility>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

using Sizes = std::vector<std::uint32_t>;

Sizes sizes_in(OnnxNetReader& net, const OnnxNetValue& x) {
  return sizes_of(x, net.net().width(x.slot));
}

// Places of the numbers when axis i of the answer is axis order[i].
std::vector<std::uint32_t> turned(const Sizes& sizes, const std::vector<std::size_t>& order) {
  std::vector<std::uint64_t> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  std::vector<std::uint32_t> columns = {0};
  for (const std::size_t axis : order) {
    std::vector<std::uint32_t> next;
    next.reserve(columns.size() * sizes[axis]);
    for (const std::uint32_t column : columns) {
      for (std::uint64_t k = 0; k < sizes[axis]; ++k) {
        next.push_back(static_cast<std::uint32_t>(column + k * strides[axis]));
      }
    }
    columns = std::move(next);
  }
  return columns;
}

OnnxNetValue read_transpose(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.value(node, 0);
  const Sizes sizes = sizes_in(net, x);
  const std::span<const std::int64_t> order = node.integers("perm");
  if (order.size() != sizes.size() + 1 || order[0] != 0) {
    net.refuse(node, "rows stay first, the order of ", sizes.size() + 1, " sizes is wanted");
  }
  std::vector<std::size_t> axes;
  Sizes made;
  for (const std::int64_t axis : order.subspan(1)) {
    if (axis < 1 || axis > std::ssize(sizes)) net.refuse(node, "axis ", axis);
    axes.push_back(static_cast<std::size_t>(axis - 1));
    made.push_back(sizes[axes.back()]);
    if (std::ranges::count(axes, axes.back()) != 1) net.refuse(node, "axis ", axis, " twice");
  }
  return net.moved(x, turned(sizes, axes), made);
}

// The sizes behind the rows that a Reshape asks for.
Sizes wanted_sizes(OnnxNetReader& net, const OnnxNode& node, const Sizes& sizes,
                   std::uint64_t width) {
  const std::vector<std::int64_t> shape = net.integers_of(node, net.wanted(node, 1));
  const bool copies = node.integer("allowzero", 0) == 0;
  if (shape.empty()) net.refuse(node, "it makes one number of all rows");
  const bool is_kept =
      shape[0] == -1 || (shape[0] == 0 && copies) || (shape[0] == 1 && net.has_single_rows());
  if (!is_kept) net.refuse(node, "its first size is ", shape[0], ", the rows' is wanted");
  std::uint64_t known = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    std::int64_t size = shape[i];
    if (size == 0 && copies && i <= sizes.size()) size = sizes[i - 1];
    if (size == -1) size = 1;
    if (size < 1 || static_cast<std::uint64_t>(size) > width) net.refuse(node, "a size of ", size);
    known *= static_cast<std::uint64_t>(size);
    if (known > width) break;
  }
  const auto open = std::count(shape.begin() + 1, shape.end(), -1);
  if (open > 1 || (open == 1 && shape[0] == -1) || known > width || width % known != 0 ||
      (open == 0 && known != width)) {
    net.refuse(node, "it does not keep ", width, " columns in a row");
  }
  Sizes made;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      made.push_back(static_cast<std::uint32_t>(width / known));
    } else {
      made.push_back(shape[i] == 0 ? sizes[i - 1] : static_cast<std::uint32_t>(shape[i]));
    }
  }
  return made;
}

OnnxNetValue read_reshape(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  set_sizes(made, wanted_sizes(net, node, sizes_in(net, made), net.net().width(made.slot)));
  return made;
}

OnnxNetValue read_flatten(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  const std::int64_t axis = node.integer("axis", 1);
  const std::int64_t rank = std::ssize(sizes_in(net, made)) + 1;
  if (axis != 1 && axis != 1 - rank) net.refuse(node, "axis ", axis);
  set_sizes(made, {static_cast<std::uint32_t>(net.net().width(made.slot))});
  return made;
}

std::vector<std::int64_t> axes_of(OnnxNetReader& net, const OnnxNode& node) {
  if (const OnnxTensor* tensor = net.constant(node, 1)) return net.integers_of(node, *tensor);
  return {node.integers("axes").begin(), node.integers("axes").end()};
}

// Places among `rank` sizes behind the rows, rising.
std::vector<std::size_t> places_of(OnnxNetReader& net, const OnnxNode& node, std::size_t rank) {
  std::vector<std::size_t> places;
  for (const std::int64_t axis : axes_of(net, node)) {
    places.push_back(net.axis_of(node, axis, rank));
  }
  std::ranges::sort(places);
  if (places.empty()) net.refuse(node, "0 axes");
  if (std::ranges::adjacent_find(places) != places.end()) net.refuse(node, "an axis twice");
  return places;
}

OnnxNetValue read_squeeze(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  Sizes sizes = sizes_in(net, made);
  const std::vector<std::size_t> places = places_of(net, node, sizes.size());
  for (std::size_t i = places.size(); i-- > 0;) {
    if (sizes[places[i]] != 1) net.refuse(node, "it has several columns");
    sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(places[i]));
  }
  set_sizes(made, std::move(sizes));
  return made;
}

OnnxNetValue read_unsqueeze(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  Sizes sizes = sizes_in(net, made);
  const std::size_t more = axes_of(net, node).size();
  for (const std::size_t place : places_of(net, node, sizes.size() + more)) {
    sizes.insert(sizes.begin() + static_cast<std::ptrdiff_t>(place), 1);
  }
  set_sizes(made, std::move(sizes));
  return made;
}

template <Reduction kHow, bool kSquared = false>
OnnxNetValue read_reduction(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  Sizes sizes = sizes_in(net, x);
  const std::vector<std::size_t> gone = places_of(net, node, sizes.size());
  std::vector<std::size_t> order;
  std::uint32_t kept = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (std::ranges::find(gone, i) != gone.end()) continue;
    order.push_back(i);
    kept *= sizes[i];
  }
  order.insert(order.end(), gone.begin(), gone.end());
  std::uint32_t slot = net.moved(x, turned(sizes, order), sizes).slot;
  if (kSquared) slot = net.net().combine(Combination::kMultiply, slot, slot);
  OnnxNetValue made{.slot = net.reduced(slot, kHow, kept), .type = x.type};
  for (std::size_t i = gone.size(); i-- > 0;) {
    sizes[gone[i]] = 1;
    if (node.integer("keepdims", 1) != 1) {
      sizes.erase(sizes.begin() + static_cast<std::ptrdiff_t>(gone[i]));
    }
  }
  set_sizes(made, std::move(sizes));
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"Reshape", read_reshape, 0, true},
                                     {"Flatten", read_flatten, 0, true},
                                     {"Squeeze", read_squeeze, 0, true},
                                     {"Unsqueeze", read_unsqueeze, 0, true},
                                     {"Transpose", read_transpose, 0, true},
                                     {"ReduceSum", read_reduction<Reduction::kSum>},
                                     {"ReduceSumSquare", read_reduction<Reduction::kSum, true>},
                                     {"ReduceMean", read_reduction<Reduction::kMean>},
                                     {"ReduceMax", read_reduction<Reduction::kMax>},
                                     {"ReduceMin", read_reduction<Reduction::kMin>}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_shapes() noexcept { return kRows; }

std::uint32_t OnnxNetReader::reduced(std::uint32_t slot, Reduction how, std::uint32_t parts) {
  const bool is_extreme = how == Reduction::kMin || how == Reduction::kMax;
  return is_extreme ? net_.extreme(slot, how, parts) : net_.reduce(slot, how, parts);
}

std::size_t OnnxNetReader::axis_of(const OnnxNode& node, std::int64_t axis, std::size_t rank) {
  const auto sizes = static_cast<std::int64_t>(rank) + 1;
  const std::int64_t place = axis < 0 ? axis + sizes : axis;
  if (place < 1 || place >= sizes) refuse(node, "axis ", axis);
  return static_cast<std::size_t>(place - 1);
}

OnnxNetValue OnnxNetReader::moved(const OnnxNetValue& x, std::span<const std::uint32_t> columns,
                                  std::vector<std::uint32_t> sizes) {
  OnnxNetValue made = x;
  made.texts.clear();
  bool is_same = columns.size() == net_.width(x.slot);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    is_same &= columns[i] == i;
    if (!x.texts.empty()) made.texts.push_back(x.texts[columns[i]]);
  }
  if (!is_same) {
    made.slot = net_.select(x.slot, columns);
    const auto known = bytes_.slots.find(x.slot);
    if (known != bytes_.slots.end()) {
      const OnnxByteSlot bytes{net_.select(known->second.slot, columns), known->second.quanta};
      bytes_.slots.insert_or_assign(made.slot, bytes);
    }
  }
  set_sizes(made, std::move(sizes));
  return made;
}

std::vector<std::uint32_t> OnnxNetReader::spread(const OnnxNode& node,
                                                 std::span<const std::uint32_t> from,
                                                 std::span<const std::uint32_t> to) {
  if (from.size() > to.size()) refuse(node, "its inputs have different shapes");
  std::vector<std::uint32_t> columns = {0};
  const std::size_t missing = to.size() - from.size();
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    const std::uint32_t size = axis < missing ? 1 : from[axis - missing];
    if (size != 1 && size != to[axis]) {
      refuse(node, "a size of ", size, " for one of ", to[axis]);
    }
    expect_room(node, std::uint64_t{columns.size()} * to[axis]);
    std::vector<std::uint32_t> next;
    next.reserve(columns.size() * to[axis]);
    for (const std::uint32_t column : columns) {
      for (std::uint32_t k = 0; k < to[axis]; ++k) {
        next.push_back(column * size + (size == 1 ? 0 : k));
      }
    }
    columns = std::move(next);
  }
  return columns;
}

}  // namespace kedge
