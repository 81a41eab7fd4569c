// A thread for work that would keep others waiting: what it is given, in that order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace kedge {

// Any number of threads may add.
class SideThread {
 public:
  enum class Rank : bool { kUsual, kBackground };

  SideThread() : SideThread(Rank::kUsual) {}
  explicit SideThread(Rank rank);
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;
  ~SideThread() { finish(); }

  void add(std::function<void()> work);
  // Returns when all that was added is done; then nothing more may be.
  void finish();

 private:
  void run(Rank rank);

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kedge
