// The places of a feature's categories by what they are called.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kedge/model/trees.h"

namespace kedge {

// Immutable; made once for a model, as each costs an allocation for every name.
class CategoryPlaces {
 public:
  explicit CategoryPlaces(const Feature& feature);

  bool empty() const noexcept { return of_text_.empty(); }
  bool has_numbers() const noexcept { return !of_number_.empty(); }

  // When none is called so: NaN or, of kText, the place behind the last. NaN is missing.
  double of(std::string_view name) const noexcept { return place(of_text_, name); }
  double of(double number) const noexcept {
    return std::isnan(number) ? number : place(of_number_, number);
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  template <class Places, class Name>
  double place(const Places& places, const Name& name) const noexcept {
    const auto found = places.find(name);
    return found == places.end() ? unknown_ : found->second;
  }

  double unknown_;
  std::unordered_map<std::string, double, Hash, std::equal_to<>> of_text_;
  std::unordered_map<double, double> of_number_;  // of the names that spell one
};

}  // namespace kedge
