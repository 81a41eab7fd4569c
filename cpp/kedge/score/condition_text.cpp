#include "kedge/score/condition_text.h"

#include <charconv>
#include <cmath>

#include "kedge/base/bits.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

// Numbers of doubles, or of floats, in their shortest digits.
class Digits {
 public:
  explicit Digits(bool is_float32) : is_float32_(is_float32) {}

  std::string of(double value) const {
    if (!is_float32_) return text_of(value);
    char digits[32];
    const auto narrow = static_cast<float>(value);
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, narrow).ptr);
  }
  std::string at_most(double high) const {
    if (high == kZeroBound) return "<= 0";
    const double end = -below(-high);
    return end == -kZeroBound ? "< 0" : shorter(text("<= ", of(high)), text("< ", of(end)));
  }
  std::string at_least(double low) const {
    if (low == -kZeroBound) return ">= 0";
    const double end = below(low);
    return end == kZeroBound ? "> 0" : shorter(text(">= ", of(low)), text("> ", of(end)));
  }
  // In front of a name.
  std::string from(double low) const {
    const std::string behind = at_least(low);
    const std::size_t sign = behind.find(' ');
    return text(behind.substr(sign + 1), behind.starts_with(">=") ? " <=" : " <");
  }

 private:
  double below(double value) const {
    return is_float32_ ? double{next_down(static_cast<float>(value))} : next_down(value);
  }
  static std::string shorter(const std::string& inclusive, const std::string& exclusive) {
    return exclusive.size() < inclusive.size() ? exclusive : inclusive;
  }

  bool is_float32_;
};

std::string numbers_text(const std::string& name, const Condition& condition, bool is_float32) {
  const Digits digits(is_float32);
  const bool has_low = condition.low > -HUGE_VAL;
  const bool has_high = condition.high < HUGE_VAL;
  if (condition.low == -kZeroBound && condition.high == kZeroBound) return name + " = 0";
  if (condition.low == condition.high) return text(name, " = ", digits.of(condition.high));
  if (has_low && has_high) {
    return text(digits.from(condition.low), " ", name, " ", digits.at_most(condition.high));
  }
  if (has_high) return text(name, " ", digits.at_most(condition.high));
  return has_low ? text(name, " ", digits.at_least(condition.low)) : "";
}

std::string categories_text(const Feature& feature, const Condition& condition,
                            const CategorySet& set) {
  const std::size_t count = set.categories.size();
  if (count == 0) return "";
  if (count > kMostNamedCategories) {
    const std::string like = set.is_outside ? "others" : text(count - 1);
    return text(feature.name, " = ", category_name(feature, condition.value), " or ", like,
                " like it");
  }
  std::string names;
  for (const std::uint32_t category : set.categories) {
    names += text(names.empty() ? "" : ", ", category_name(feature, category));
  }
  if (count == 1) return text(feature.name, set.is_outside ? " != " : " = ", names);
  return text(feature.name, set.is_outside ? " not in {" : " in {", names, "}");
}

}  // namespace

std::string category_name(const Feature& feature, double category) {
  const bool is_named = category >= 0 && category < static_cast<double>(feature.categories.size());
  if (is_named) return feature.categories[static_cast<std::size_t>(category)];
  return text_of(std::trunc(category) + 0.0);
}

std::string condition_text(const Feature& feature, const Condition& condition,
                           const CategorySet& set, bool is_float32) {
  if (condition.is_missing) return feature.name + " missing";
  std::string all;
  if (condition.has_numbers) all = numbers_text(feature.name, condition, is_float32);
  if (condition.has_categories) {
    const std::string of_set = categories_text(feature, condition, set);
    all += text(all.empty() || of_set.empty() ? "" : " and ", of_set);
  }
  return all.empty() ? feature.name + " not missing" : all;
}

}  // namespace kedge
