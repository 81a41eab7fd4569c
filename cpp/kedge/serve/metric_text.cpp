#include "kedge/serve/metric_text.h"

#include "kedge/base/text.h"
#include "kedge/base/utf8.h"

namespace kedge {

std::string label_text(std::string_view value) {
  std::string out;
  for (const char c : utf8_of(value)) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string model_labels(std::string_view model, std::string_view version) {
  return text("model=\"", label_text(model), "\",version=\"", label_text(version), "\"");
}

void add_family(std::string_view name, std::string_view type, std::string_view help,
                std::string& out) {
  out += text("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

}  // namespace kedge
