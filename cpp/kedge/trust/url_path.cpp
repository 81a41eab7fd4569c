#include "kedge/trust/url_path.h"

namespace kedge::trust {

std::string percent_encoded(std::string_view name, bool keeps_slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto stays = [&](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || (keeps_slashes && c == '/') ||
           (c != '\0' && std::string_view("-._~").find(c) != std::string_view::npos);
  };
  std::string out;
  for (const char c : name) {
    if (stays(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace kedge::trust
