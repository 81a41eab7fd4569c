#include "kedge/base/system_error.h"

#include <cerrno>
#include <system_error>

#include "kedge/base/error.h"

namespace kedge {

void refuse_system(std::string_view what) {
  throw invalid_argument(what, ": ", std::generic_category().message(errno));
}

}  // namespace kedge
