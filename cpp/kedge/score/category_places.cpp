#include "kedge/score/category_places.h"

#include <cmath>
#include <limits>

#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

CategoryPlaces::CategoryPlaces(const std::vector<std::string>& categories) {
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto place = static_cast<double>(i);
    of_text_.emplace(categories[i], place);
    const auto number = number_of<double>(categories[i]);
    if (number && !std::isnan(*number)) of_number_.emplace(*number, place);
  }
}

double CategoryPlaces::of(std::string_view name) const noexcept {
  const auto found = of_text_.find(name);
  return found == of_text_.end() ? kMissing : found->second;
}

double CategoryPlaces::of(double name) const noexcept {
  if (std::isnan(name)) return kMissing;  // it has no order
  const auto found = of_number_.find(name);
  return found == of_number_.end() ? kMissing : found->second;
}

}  // namespace kedge
