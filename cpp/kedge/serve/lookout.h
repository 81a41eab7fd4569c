// The thread that looks, again and again, at what requests have left behind: what it finds is the
// operator's to know.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "kedge/base/background_loop.h"
#include "kedge/serve/event_lines.h"
#include "kedge/serve/follow_up.h"
#include "kedge/serve/repository.h"

namespace kedge {

class Lookout {
 public:
  // Looks every so many seconds until the end, or every second for 0: then nothing is held against
  // a reference. All of them outlive this.
  Lookout(const Repository& repository, FollowUp& follow_up, EventLines& events, double every_s);

 private:
  void look();
  void attempt(const std::string& of, const std::function<void()>& work);

  const Repository* repository_;
  FollowUp* follow_up_;
  EventLines* events_;
  std::map<std::string, std::string> said_;  // why what fails did last
  BackgroundLoop loop_;
};

}  // namespace kedge
