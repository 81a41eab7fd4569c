#include "kedge/base/text.h"

namespace kedge {

std::string text_of(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace kedge
