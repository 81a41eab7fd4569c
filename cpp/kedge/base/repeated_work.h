// What is done again and again, by a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kedge {

class RepeatedWork {
 public:
  // In the background it is done where nobody else wants the processor, and holds no lock for which
  // others wait.
  enum class Rank : bool { kUsual, kBackground };

  // Calls `work`, which throws nothing: first after so many seconds, then so many after it
  // returned.
  RepeatedWork(Rank rank, double every_s, std::function<void()> work);
  RepeatedWork(const RepeatedWork&) = delete;
  RepeatedWork& operator=(const RepeatedWork&) = delete;
  ~RepeatedWork() { end(); }

  // Returns when what is under way is done; nothing comes after it.
  void end();

 private:
  void run(Rank rank, double every_s, const std::function<void()>& work);

  std::mutex lock_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace kedge
