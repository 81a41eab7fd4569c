// The thread that looks, again and again, at what requests have left behind: what it finds is the
// operator's to know.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "kedge/serve/event_lines.h"
#include "kedge/serve/follow_up.h"
#include "kedge/serve/repository.h"

namespace kedge {

class Lookout {
 public:
  // Looks every so many seconds until the end, or every second for 0: then nothing is held against
  // a reference. All of them outlive this.
  Lookout(const Repository& repository, FollowUp& follow_up, EventLines& events, double every_s);
  Lookout(const Lookout&) = delete;
  Lookout& operator=(const Lookout&) = delete;
  ~Lookout();

 private:
  void run(std::chrono::duration<double> every);
  void look();
  void attempt(const std::string& of, const std::function<void()>& work);

  const Repository* repository_;
  FollowUp* follow_up_;
  EventLines* events_;
  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::map<std::string, std::string> said_;  // why what fails did last
  std::thread thread_;
};

}  // namespace kedge
