#include "kedge/model/lightgbm_categories.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "kedge/model/json.h"

namespace kedge {
namespace {

// Nothing when the parameter is written in another way: "name:a,b".
std::optional<std::vector<std::size_t>> read_columns(std::string_view text, std::size_t features) {
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

std::string name_of(const Value& category) {
  if (category.is_text()) return std::string(category.text());
  if (category.is_number()) return text_of(category.number());
  if (category.is_null()) return {};
  return category.boolean() ? "true" : "false";
}

}  // namespace

void add_category_names(std::string_view columns, std::string_view names, Forest& forest) {
  const Document document = read_json(names);
  if (document.root().is_null()) return;
  const auto known = read_columns(columns, forest.features.size());
  if (!known.has_value() || known->size() != document.root().size()) return;
  for (std::size_t i = 0; i < known->size(); ++i) {
    const Value list = document.root()[i];
    Feature& feature = forest.features[(*known)[i]];
    feature.kind = FeatureKind::kCategory;
    feature.categories.clear();
    for (std::size_t j = 0; j < list.size(); ++j) feature.categories.push_back(name_of(list[j]));
  }
}

}  // namespace kedge
