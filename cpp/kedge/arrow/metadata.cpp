#include "kedge/arrow/metadata.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kedge {
namespace {

void append_size(std::string& out, std::size_t size) {
  const auto number = static_cast<std::int32_t>(size);
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof bytes);
}

}  // namespace

std::string encode_metadata(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  append_size(out, pairs.size());
  for (const auto& [name, value] : pairs) {
    for (const std::string_view text : {std::string_view(name), std::string_view(value)}) {
      append_size(out, text.size());
      out += text;
    }
  }
  return out;
}

}  // namespace kedge
