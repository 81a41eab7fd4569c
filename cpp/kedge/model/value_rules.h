// Which values are missing and which are categories, whatever the tree. Needs no library: boards
// without one include it.
#pragma once

#include <cstdint>

namespace kedge {

inline constexpr double kZeroBound = 1e-35F;  // LightGBM's, the float nearest to 1e-35
inline constexpr std::uint32_t kMostCategory = 0x7fffffff;

// How the value of a category feature is turned into a whole number.
enum class CategoryRule : std::uint8_t {
  kTruncate,  // towards zero, so that -0.5 is 0: LightGBM
  kFromZero,  // the same, but a negative value is no category: most others
  kWhole,     // besides, a value with a fraction is no category: scikit-learn, ONNX
};
inline constexpr CategoryRule kLastCategoryRule = CategoryRule::kWhole;

// NaN; and from -kZeroBound to kZeroBound where zeros are missing.
template <class Value>
constexpr bool counts_as_missing(Value value, bool zero_is_missing) noexcept {
  const auto bound = static_cast<Value>(kZeroBound);
  return value != value || (zero_is_missing && value >= -bound && value <= bound);
}

inline constexpr std::int32_t kNoCategory = -1;

// The category that a value is, from 0 to kMostCategory, or kNoCategory.
constexpr std::int32_t category_of(CategoryRule rule, double value) noexcept {
  const double lowest = rule == CategoryRule::kTruncate ? -1.0 : 0.0;
  if (!(value >= 0 || value > lowest) || value >= kMostCategory + 1.0) return kNoCategory;
  const auto whole = static_cast<std::int32_t>(value);
  if (rule == CategoryRule::kWhole && value != static_cast<double>(whole)) return kNoCategory;
  return whole;
}

}  // namespace kedge
