#include <nanobind/nanobind.h>

#include "bindings.h"
#include "kedge/base/ed25519.h"
#include "kedge/base/error.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

template <std::size_t kBytes>
std::span<const std::byte, kBytes> exactly(const char* name, const nb::bytes& data) {
  const auto bytes = bytes_of(data);
  if (bytes.size() != kBytes) {
    throw invalid_argument(name, ": ", bytes.size(), " bytes, ", kBytes, " are wanted");
  }
  return bytes.first<kBytes>();
}

}  // namespace

void bind_signature(nb::module_& m) {
  m.def(
      "verify_ed25519",
      [](const nb::bytes& key, const nb::bytes& message, const nb::bytes& signature) {
        return verify_ed25519(exactly<kEd25519KeyBytes>("key", key), bytes_of(message),
                              exactly<kEd25519SignatureBytes>("signature", signature));
      },
      "key"_a, "message"_a, "signature"_a,
      "Whether the holder of the key signed the message; as strict as RFC 8032 allows.");
}

}  // namespace kedge
