// While it is there, permissions of files hold for this thread as for any user, also for root's.
#pragma once

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <stdexcept>

namespace kedge::test {

class NoOverride {
 public:
  NoOverride() {
    call(SYS_capget, before_);
    __user_cap_data_struct without[2] = {before_[0], before_[1]};
    without[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    call(SYS_capset, without);
  }
  NoOverride(const NoOverride&) = delete;
  NoOverride& operator=(const NoOverride&) = delete;
  ~NoOverride() { ::syscall(SYS_capset, &header_, before_); }

 private:
  void call(long number, __user_cap_data_struct* data) {
    if (::syscall(number, &header_, data) != 0) throw std::runtime_error("capabilities");
  }

  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2];
};

}  // namespace kedge::test
