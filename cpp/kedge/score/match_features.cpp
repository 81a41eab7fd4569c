#include "kedge/score/match_features.h"

#include <map>
#include <string>

#include "kedge/base/error.h"

namespace kedge {
namespace {

void list(std::string& out, std::string_view what, const std::vector<std::string_view>& names) {
  constexpr std::size_t kMostNames = 20;
  if (names.empty()) return;
  out += text(out.empty() ? "" : "; ", what);
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    out += text(i == 0 ? " \"" : ", \"", names[i], "\"");
  }
  if (names.size() > kMostNames) out += text(" and ", names.size() - kMostNames, " more");
}

}  // namespace

std::vector<std::size_t> match_features(std::span<const Feature> features,
                                        std::span<const std::string_view> names) {
  std::vector<std::size_t> out(features.size());
  std::map<std::string_view, std::size_t> columns;
  std::vector<std::string_view> superfluous;
  std::vector<std::string_view> missing;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!columns.emplace(names[i], i).second) superfluous.push_back(names[i]);
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    const auto found = columns.find(features[i].name);
    if (found == columns.end()) {
      missing.emplace_back(features[i].name);
      continue;
    }
    out[i] = found->second;
    columns.erase(found);
  }
  for (const auto& [name, column] : columns) superfluous.push_back(name);
  std::string wrong;
  list(wrong, "missing columns", missing);
  list(wrong, "columns that the model does not know", superfluous);
  if (!wrong.empty()) throw invalid_argument(wrong);
  return out;
}

}  // namespace kedge
