#include "kedge/base/utf8.h"

#include "kedge/base/text.h"

namespace kedge {

std::string utf8_of(std::string_view bytes) {
  std::string out(bytes);
  if (is_utf8(out)) return out;
  for (char& c : out) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
  return out;
}

}  // namespace kedge
