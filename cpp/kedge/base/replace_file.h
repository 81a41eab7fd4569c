// A file that is the old one or the new one, whatever happens in between.
#pragma once

#include "kedge/base/storage.h"

namespace kedge {

// Written beside, flushed and renamed: once this returns a power cut leaves the new file. NAME.new
// is the file's own, and may be left there by a cut.
void replace_file(Storage& storage, const std::string& name, std::span<const std::byte> bytes);

}  // namespace kedge
