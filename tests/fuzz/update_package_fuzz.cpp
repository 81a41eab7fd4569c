// Any bytes are a package whose files are parts of them, or a named error. The digest is made right
// first, so that the fuzzer reaches what is behind it.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/sha256.h"
#include "kedge/trust/update_package.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const auto raw = fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  if (size >= kSha256Bytes) {
    Sha256 hash;
    hash.add(raw.first(size - kSha256Bytes));
    std::ranges::copy(hash.finish(), bytes.end() - kSha256Bytes);
  }
  const int file = ::memfd_create("package", 0);
  fuzz_check(::pwrite(file, bytes.data(), size, 0) == static_cast<ssize_t>(size));
  try {
    trust::UpdatePackage package("/proc/self/fd/" + std::to_string(file));
    for (const char* path : {"metadata/timestamp.json", "metadata/2.root.json"}) {
      const auto whole = package.fetch_whole(path, size);
      if (!whole) continue;
      fuzz_check(as_text(bytes).find(as_text(*whole)) != std::string_view::npos);
    }
  } catch (const Error&) {
  }
  ::close(file);
  return 0;
}
