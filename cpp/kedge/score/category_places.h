// The places of a feature's categories by what they are called.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// Immutable. Of a feature without named categories there is none.
class CategoryPlaces {
 public:
  explicit CategoryPlaces(const std::vector<std::string>& categories);

  bool empty() const noexcept { return of_text_.empty(); }
  // Whether any category's name spells a number.
  bool has_numbers() const noexcept { return !of_number_.empty(); }

  // NaN when no category is called so.
  double of(std::string_view name) const noexcept;
  double of(double name) const noexcept;

 private:
  std::map<std::string, double, std::less<>> of_text_;
  std::map<double, double> of_number_;  // of the names that spell one
};

}  // namespace kedge
