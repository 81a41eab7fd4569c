#include "kedge/base/error.h"

namespace kedge {

Error::Error(ErrorCode code, const std::string& message)
    : std::runtime_error(message), code_(code) {}

}  // namespace kedge
