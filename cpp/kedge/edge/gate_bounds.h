// What the signers of a model ask of it before it may take over.
#pragma once

#include <cstdint>

#include "kedge/base/error.h"

namespace kedge::edge {

// A bound of 0 is none.
struct GateBounds {
  static constexpr std::uint64_t kLeastRows = 50;
  static constexpr std::uint64_t kMostRows = 1'000'000'000;
  static constexpr std::uint64_t kMostSeconds = 366 * std::uint64_t{86'400};
  static constexpr std::uint64_t kMillion = 1'000'000;
  static constexpr std::uint64_t kMostPercent = 100'000;

  std::uint64_t rows = 1000;
  std::uint64_t seconds = 86'400;
  std::uint64_t disagreement_ppm = 0;
  std::uint64_t distance_ppm = 0;
  std::uint64_t latency_percent = 0;

  // Throws InvalidArgument that names the bound.
  void check() const {
    const auto hold = [](const char* name, std::uint64_t value, std::uint64_t least,
                         std::uint64_t most) {
      if (value >= least && value <= most) return;
      throw invalid_argument("gate.", name, " = ", value, " is not from ", least, " to ", most);
    };
    hold("rows", rows, kLeastRows, kMostRows);
    hold("seconds", seconds, 1, kMostSeconds);
    hold("disagreement_ppm", disagreement_ppm, 0, kMillion - 1);
    hold("distance_ppm", distance_ppm, 0, kMillion - 1);
    hold("latency_percent", latency_percent, 0, kMostPercent);
  }

  friend bool operator==(const GateBounds&, const GateBounds&) = default;
};

}  // namespace kedge::edge
