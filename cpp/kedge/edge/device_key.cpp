#include "kedge/edge/device_key.h"

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/hex.h"

namespace kedge::edge {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

}  // namespace

DeviceKey read_device_key(const std::string& path) {
  const MappedFile file = read_file(path);
  std::string_view text = as_text(file.bytes);
  while (!text.empty() && kSpace.find(text.back()) != kSpace.npos) text.remove_suffix(1);
  DeviceKey key{};
  if (text.size() != 2 * key.size()) {
    throw invalid_argument(path, ": a device's key has ", 2 * key.size(),
                           " hexadecimal digits, the file has ", text.size(), " characters");
  }
  if (!read_hex(text, key)) {
    throw invalid_argument(path, ": a device's key has digits 0 to 9 and a to f alone");
  }
  return key;
}

}  // namespace kedge::edge
