// Nets drawn at random, for the self test and the tests.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/model/graph.h"

namespace kedge {

// Between -scale and scale.
std::vector<double> drawn(std::size_t count, double scale, Random& random);

// Layers of floats, so wide, with `activation` between them.
Graph drawn_net(std::span<const std::size_t> widths, Activation activation, Random& random);

}  // namespace kedge
