#include "kedge/model/lightgbm_categories.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace kedge {
namespace {

std::string name_of(const Value& category) {
  if (category.is_text()) return std::string(category.text());
  if (category.is_number()) return text_of(category.number());
  if (category.is_null()) return {};
  return category.boolean() ? "true" : "false";
}

}  // namespace

std::optional<std::vector<std::size_t>> category_columns(std::string_view text,
                                                         std::size_t features) {
  std::vector<std::size_t> columns;
  while (!text.empty()) {
    std::size_t column = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), column);
    if (error != std::errc() || column >= features) return std::nullopt;
    columns.push_back(column);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() != ',') return std::nullopt;
    text.remove_prefix(std::min<std::size_t>(text.size(), 1));
  }
  std::ranges::sort(columns);
  return columns;
}

void add_category_names(const std::vector<std::size_t>& columns, const Value& lists,
                        Forest& forest) {
  if (lists.is_null() || lists.size() != columns.size()) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Value list = lists[i];
    Feature& feature = forest.features[columns[i]];
    feature.kind = FeatureKind::kCategory;
    feature.categories.clear();
    for (std::size_t j = 0; j < list.size(); ++j) feature.categories.push_back(name_of(list[j]));
  }
}

}  // namespace kedge
