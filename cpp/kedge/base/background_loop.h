// What is done again and again behind the work of others.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kedge {

class BackgroundLoop {
 public:
  // Calls `work`, which throws nothing, by a thread of its own in the background: first after so
  // many seconds, then so many after it returned.
  BackgroundLoop(double every_s, std::function<void()> work);
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;
  ~BackgroundLoop() { end(); }

  // Returns when what is under way is done; nothing comes after it.
  void end();

 private:
  void run(double every_s, const std::function<void()>& work);

  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kedge
