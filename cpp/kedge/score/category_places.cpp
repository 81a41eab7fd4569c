#include "kedge/score/category_places.h"

#include <cmath>
#include <limits>

#include "kedge/base/text.h"

namespace kedge {

CategoryPlaces::CategoryPlaces(const Feature& feature)
    : unknown_(feature.kind == FeatureKind::kText ? static_cast<double>(feature.categories.size())
                                                  : std::numeric_limits<double>::quiet_NaN()) {
  for (std::size_t i = 0; i < feature.categories.size(); ++i) {
    const std::string& name = feature.categories[i];
    const auto place = static_cast<double>(i);
    if (names_.insert(name) == place_of_name_.size()) place_of_name_.push_back(place);
    const auto number = number_of<double>(name);
    if (number && !std::isnan(*number)) place_of_number_.emplace(*number, place);
  }
  names_.settle();
}

}  // namespace kedge
