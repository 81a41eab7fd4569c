#include "kedge/base/repeated_work.h"

#include <chrono>
#include <utility>

#include "kedge/base/background.h"

namespace kedge {

RepeatedWork::RepeatedWork(Rank rank, double every_s, std::function<void()> work)
    : thread_([this, rank, every_s, work = std::move(work)] { run(rank, every_s, work); }) {}

void RepeatedWork::end() {
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RepeatedWork::run(Rank rank, double every_s, const std::function<void()>& work) {
  if (rank == Rank::kBackground) run_in_background();
  const std::chrono::duration<double> every(every_s);
  std::unique_lock guard(lock_);
  while (!changed_.wait_for(guard, every, [this] { return is_over_; })) {
    guard.unlock();
    work();
    guard.lock();
  }
}

}  // namespace kedge
