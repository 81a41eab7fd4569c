#include "kedge/base/replace_file.h"

namespace kedge {

// What an earlier start left of the file beside it may be longer.
void replace_file(Storage& storage, const std::string& name, std::span<const std::byte> bytes) {
  const std::string beside = name + ".new";
  storage.remove(beside);
  storage.append(beside, bytes);
  storage.sync(beside);
  storage.rename(beside, name);
  storage.sync_folder();
}

}  // namespace kedge
