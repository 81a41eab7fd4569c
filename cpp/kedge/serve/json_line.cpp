#include "kedge/serve/json_line.h"

#include <chrono>
#include <cmath>

#include "kedge/base/json_string.h"
#include "kedge/base/text.h"
#include "kedge/base/utf8.h"

namespace kedge {

JsonLine::JsonLine(std::string_view event) : line_(text("{\"event\": ", json_quoted(event))) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  add("time_ms", static_cast<std::uint64_t>(
                     std::chrono::duration_cast<std::chrono::milliseconds>(since).count()));
}

void JsonLine::begin(std::string_view name) { line_ += text(", ", json_quoted(name), ": "); }

JsonLine& JsonLine::add(std::string_view name, std::string_view value) {
  begin(name);
  line_ += json_quoted(utf8_of(value));
  return *this;
}

JsonLine& JsonLine::add(std::string_view name, double value) {
  begin(name);
  line_ += std::isfinite(value) ? text(value) : "null";
  return *this;
}

JsonLine& JsonLine::add(std::string_view name, std::uint64_t value) {
  begin(name);
  line_ += text(value);
  return *this;
}

}  // namespace kedge
