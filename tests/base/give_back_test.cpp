#include "kedge/base/give_back.h"

#include <vector>

#include "check.h"

namespace kedge {

TEST("what is given back is not held") {
  std::vector<int> held(1000);
  give_back(held);
  CHECK(held.empty() && held.capacity() == 0);
}

}  // namespace kedge
