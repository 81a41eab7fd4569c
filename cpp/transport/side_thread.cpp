#include "transport/side_thread.h"

#include <utility>

#include "kedge/base/background.h"

namespace kedge {

SideThread::SideThread(Rank rank) : thread_([this, rank] { run(rank); }) {}

void SideThread::add(std::function<void()> work) {
  {
    const std::lock_guard lock(lock_);
    work_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void SideThread::finish() {
  {
    const std::lock_guard lock(lock_);
    is_over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SideThread::run(Rank rank) {
  if (rank == Rank::kBackground) run_in_background();
  std::unique_lock lock(lock_);
  while (true) {
    changed_.wait(lock, [this] { return is_over_ || !work_.empty(); });
    if (work_.empty()) return;
    const std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace kedge
