// Where the cells of a window's histogram end: as they are given, or so many of equal width.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace kedge {

inline constexpr std::size_t kMostHistogramBounds = 4096;

// `given` itself when `bins` is 0; else the bins + 1 bounds from given[0] to given[1]. Throws
// InvalidArgument unless they are finite, rise strictly, and are 1 to kMostHistogramBounds.
std::vector<double> histogram_bounds(double bins, std::span<const double> given);

// "0, 10, 100": JSON's numbers, which read back to the same.
std::string joined_bounds(std::span<const double> bounds);

}  // namespace kedge
