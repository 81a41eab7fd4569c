#include "kedge/serve/shadow_queue.h"

#include <chrono>
#include <exception>

namespace kedge {
namespace {

constexpr std::size_t kMostJobs = 1024;
constexpr std::chrono::milliseconds kPause(1);
constexpr std::size_t kMostBytes = std::size_t{1} << 24;

}  // namespace

ShadowQueue::~ShadowQueue() {
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void ShadowQueue::offer(std::span<const std::byte> request, std::span<const std::byte> fetched,
                        const ServedModel& live, const Rows& scores,
                        const ServedModel& candidate) noexcept {
  try {
    if (add(request, fetched, live, scores, candidate)) changed_.notify_all();
  } catch (const std::exception&) {
    return;  // the answer is made, and goes out
  }
}

bool ShadowQueue::add(std::span<const std::byte> request, std::span<const std::byte> fetched,
                      const ServedModel& live, const Rows& scores, const ServedModel& candidate) {
  const std::size_t size =
      request.size() + fetched.size() + scores.count * live.model->outputs() * sizeof(double);
  const std::lock_guard guard(lock_);
  if (count_ == kMostJobs || size > kMostBytes - bytes_) {
    ++counts_[{candidate.name, candidate.version}].dropped;
    return false;
  }
  if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
  jobs_of(live, candidate).add(request, fetched, scores);
  bytes_ += size;
  return ++count_ == 1;
}

ShadowJobs& ShadowQueue::jobs_of(const ServedModel& live, const ServedModel& candidate) {
  ShadowJobs* free = nullptr;
  for (ShadowJobs& jobs : waiting_) {
    if (jobs.are_of(live, candidate)) return jobs;
    if (jobs.size() == 0) free = &jobs;
  }
  counts_.try_emplace({candidate.name, candidate.version});
  if (free == nullptr) free = &waiting_.emplace_back();
  free->start(live, candidate);
  return *free;
}

std::map<ShadowQueue::Key, ShadowCounts> ShadowQueue::read() const {
  const std::lock_guard guard(lock_);
  return counts_;
}

void ShadowQueue::work() {
  std::vector<ShadowJobs> taken;
  ShadowScorer scorer;
  std::unique_lock guard(lock_);
  while (true) {
    if (count_ == 0 && !is_over_) {
      changed_.wait(guard, [&] { return is_over_ || count_ != 0; });
      // Those that come meanwhile do not wake anyone: a switch of threads costs more than a score.
      guard.unlock();
      std::this_thread::sleep_for(kPause);
      guard.lock();
    }
    if (is_over_) return;
    taken.swap(waiting_);
    count_ = bytes_ = 0;
    guard.unlock();
    score(taken, scorer);
    guard.lock();
  }
}

void ShadowQueue::score(std::vector<ShadowJobs>& taken, ShadowScorer& scorer) {
  for (ShadowJobs& jobs : taken) {
    if (jobs.size() == 0) continue;
    const ShadowCounts counts = scorer.score(jobs, is_over_);
    {
      const std::lock_guard guard(lock_);
      counts_[{jobs.candidate().name, jobs.candidate().version}].add(counts);
    }
    jobs.clear();
  }
}

}  // namespace kedge
