// The places of a feature's categories by what they are called.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kedge/model/trees.h"
#include "kedge/sketch/string_table.h"

namespace kedge {

// Immutable; made once for a model, as each costs an allocation for every name.
class CategoryPlaces {
 public:
  explicit CategoryPlaces(const Feature& feature);

  bool empty() const noexcept { return names_.size() == 0; }
  bool has_numbers() const noexcept { return !place_of_number_.empty(); }

  // When none is called so: NaN or, of kText, the place behind the last. NaN is missing.
  double of(std::string_view name) const noexcept {
    const std::uint32_t id = names_.find(name);
    return id == StringTable::kAbsent ? unknown_ : place_of_name_[id];
  }
  // The same for many.
  void of(std::span<const NameKey> names, double* out) const noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::uint32_t id = names_.find(names[i]);
      out[i] = id == StringTable::kAbsent ? unknown_ : place_of_name_[id];
    }
  }
  double of(double number) const noexcept {
    const auto found = place_of_number_.find(number);
    if (found != place_of_number_.end()) return found->second;
    return std::isnan(number) ? number : unknown_;
  }

 private:
  double unknown_;
  StringTable names_;
  std::vector<double> place_of_name_;
  std::unordered_map<double, double> place_of_number_;  // of the names that spell one
};

}  // namespace kedge
