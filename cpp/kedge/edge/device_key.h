// What a board shows a hub to be who it says: 32 bytes that both know.
#pragma once

#include <string>

#include "kedge/base/sha256.h"

namespace kedge::edge {

using DeviceKey = Sha256Sum;

// From a file of 64 hexadecimal digits and white space behind them. Throws InvalidArgument that
// names the file, never what is in it.
DeviceKey read_device_key(const std::string& path);

}  // namespace kedge::edge
