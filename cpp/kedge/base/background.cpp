#include "kedge/base/background.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace kedge {

void run_in_background() noexcept {
#if defined(__linux__)
  // By a niceness Linux lets a thread go on for the rest of its slice, some milliseconds.
  constexpr pid_t kThisThread = 0;
  const sched_param none{};
  sched_setscheduler(kThisThread, SCHED_IDLE, &none);
#endif
}

}  // namespace kedge
