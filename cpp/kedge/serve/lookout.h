// Who looks, again and again, at what requests have left behind: what is found is the operator's to
// know.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "kedge/base/repeated_work.h"
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
  void look_at_drift();
  // What fails is told once, not at every look, and again when it has gone well meanwhile: `said`
  // is why it did last.
  void attempt(std::string& said, const std::string& of, const std::function<void()>& work);

  const Repository* repository_;
  FollowUp* follow_up_;
  EventLines* events_;
  std::map<std::string, std::string> drift_said_;
  std::string follow_up_said_;
  RepeatedWork drift_;
  RepeatedWork trials_;  // of the usual rank: they have a lock for which labels wait
};

}  // namespace kedge
