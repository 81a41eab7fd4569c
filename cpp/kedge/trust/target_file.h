// A file that a repository offers, as signed metadata describe it.
#pragma once

#include <string>

#include "kedge/trust/file_check.h"

namespace kedge::trust {

struct TargetFile {
  std::string path;    // its name in the metadata
  FileFacts facts;     // with a length
  std::string custom;  // canonical JSON of what the signers say beyond that; empty for nothing
};

}  // namespace kedge::trust
