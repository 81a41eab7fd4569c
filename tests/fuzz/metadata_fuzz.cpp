// Any bytes are metadata of some role, whose canonical bytes say the same again, or a named error.

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/json.h"
#include "kedge/trust/canonical_json.h"
#include "kedge/trust/envelope.h"
#include "kedge/trust/role.h"

namespace {

using namespace kedge;
using namespace kedge::trust;

template <class Read>
void attempt(const Envelope& envelope, const Read& read) {
  try {
    read(envelope.signed_part());
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Envelope envelope(fuzz_bytes(data, size));
    const std::string canonical = canonical_json(envelope.signed_part());
    fuzz_check(canonical_json(read_json(canonical).root()) == canonical);
    attempt(envelope, [&](Value part) {
      const Root root = read_root(part);
      envelope.check_signatures(root.keys, root.root, "root");
    });
    attempt(envelope, [](Value part) { read_timestamp(part); });
    attempt(envelope, [](Value part) {
      const Snapshot snapshot = read_snapshot(part);
      for (const MetaFile& file : snapshot.files) fuzz_check(snapshot.find(file.name) == &file);
    });
    attempt(envelope, [](Value part) {
      const Targets targets = read_targets(part);
      for (const TargetFile& target : targets.targets) {
        for (const DelegatedRole& role : targets.delegations) role.covers(target.path);
      }
    });
  } catch (const Error&) {
  }
  return 0;
}
