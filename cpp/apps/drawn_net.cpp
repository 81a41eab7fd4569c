#include "drawn_net.h"

#include <cmath>

#include "kedge/model/graph_builder.h"

namespace kedge {

std::vector<double> drawn(std::size_t count, double scale, Random& random) {
  std::vector<double> values(count);
  for (double& value : values) value = scale * (2 * random.uniform() - 1);
  return values;
}

Graph drawn_net(std::span<const std::size_t> widths, Activation activation, Random& random) {
  GraphBuilder builder(widths.front(), NumberKind::kFloat);
  std::uint32_t slot = 0;
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const double scale = 2 / std::sqrt(static_cast<double>(widths[i - 1]));
    const std::vector<double> weights = drawn(widths[i - 1] * widths[i], scale, random);
    slot = builder.affine(slot, widths[i], weights, drawn(widths[i], 1, random));
    if (i + 1 < widths.size()) slot = builder.activate(slot, activation);
  }
  return builder.finish(slot);
}

}  // namespace kedge
