#include "kedge/serve/open_metrics.h"

#include <algorithm>
#include <cstddef>

namespace kedge {
namespace {

constexpr std::string_view kMediaType = "application/openmetrics-text";
constexpr std::string_view kTotal = "_total ";

bool is_about_a_family(std::string_view line) noexcept {
  return line.starts_with("# HELP ") || line.starts_with("# TYPE ");
}

}  // namespace

ScrapeFormat wanted_format(std::string_view head) {
  const auto is_same = [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  };
  const auto found =
      std::search(head.begin(), head.end(), kMediaType.begin(), kMediaType.end(), is_same);
  return found == head.end() ? ScrapeFormat::kPrometheus : ScrapeFormat::kOpenMetrics;
}

std::string_view content_type(ScrapeFormat format) noexcept {
  return format == ScrapeFormat::kPrometheus
             ? "text/plain; version=0.0.4; charset=utf-8"
             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

std::string open_metrics(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 6);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n') + 1);
    text.remove_prefix(line.size());
    if (is_about_a_family(line)) {
      const std::size_t name = line.find(' ', 7);
      const std::size_t total = line.find(kTotal);
      if (total != line.npos && total + kTotal.size() == name + 1) {
        out += line.substr(0, total);
        line.remove_prefix(name);
      }
    }
    out += line;
  }
  return out + "# EOF\n";
}

}  // namespace kedge
