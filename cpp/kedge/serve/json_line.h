// An event as one line of JSON, for whoever collects logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kedge {

// Members in the order they are added, after "event" and "time_ms", which is since 1970.
class JsonLine {
 public:
  explicit JsonLine(std::string_view event);

  JsonLine& add(std::string_view name, std::string_view value);
  // null for what is not finite, which JSON has no word for.
  JsonLine& add(std::string_view name, double value);
  JsonLine& add(std::string_view name, std::uint64_t value);

  // Without an end of line.
  std::string take() && { return std::move(line_) + "}"; }

 private:
  void begin(std::string_view name);

  std::string line_;
};

}  // namespace kedge
