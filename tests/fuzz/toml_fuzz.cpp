// Any bytes are a document or refused with the line; so are definitions of windows in them.

#include <string>

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/toml.h"
#include "kedge/window/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const std::string_view text = as_text(fuzz_bytes(data, size));
  try {
    const Document document = read_toml(text);
    fuzz_check(document.root().is_object());
    const auto window = document.root().find("window");
    if (window) window_of(*window).check();
  } catch (const Error& error) {
    fuzz_check(std::string(error.what()).size() > 0);
  }
  return 0;
}
