// The few codes that a column's values get when its rows are looked at whole: fine ones for the
// column alone, coarse ones for crosses of two columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/sketch/column_profile.h"

namespace kedge {

inline constexpr std::uint32_t kFineBins = 18;    // of numbers, about equal in rows
inline constexpr std::uint32_t kFineNames = 64;   // of categories; the rest is one more
inline constexpr std::uint32_t kCoarseCodes = 8;  // the last is for what is missing

struct FeatureBins {
  std::vector<std::uint8_t> fine;    // by the profile's slot (sketch/row_slot); the last is missing
  std::vector<std::uint8_t> coarse;  // by the fine code

  std::uint32_t codes() const noexcept { return static_cast<std::uint32_t>(coarse.size()); }
};

// `shares` is how the rows spread over the profile's slots. A number outside of the profile's range
// goes with the nearest bin, a name that it does not list, or whose share is below `least`, with
// the rest: rows that the profile was made of look no other than new ones of their population.
FeatureBins feature_bins(const ColumnProfile& profile, std::span<const double> shares,
                         double least);

}  // namespace kedge
