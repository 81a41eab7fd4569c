#include "kedge/serve/shadow_queue.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>

#include "kedge/base/error.h"
#include "kedge/serve/infer_request.h"

namespace kedge {
namespace {

constexpr std::size_t kMostJobs = 1024;
constexpr std::chrono::milliseconds kPause(1);
constexpr std::size_t kMostBytes = std::size_t{1} << 24;

// As doubles, which hold every float.
std::vector<double> scores_of(const ServedModel& served, const InferRequest& request) {
  const Model& model = *served.model;
  std::vector<double> values;
  const Rows rows = served.form->rows.read(request.inputs(), values);
  std::vector<double> out(rows.count * model.outputs());
  if (out.empty()) return out;
  if (!model.gives_float32()) {
    model.score(rows, out.data(), false);
    return out;
  }
  std::vector<float> floats(out.size());
  model.score(rows, floats.data(), false);
  std::ranges::copy(floats, out.begin());
  return out;
}

bool is_same(double a, double b) noexcept { return a == b || (std::isnan(a) && std::isnan(b)); }

void compare(const ServedModel& live, const ServedModel& candidate, const InferRequest& request,
             ShadowCounts& counts) {
  const std::vector<double> a = scores_of(live, request);
  const std::vector<double> b = scores_of(candidate, request);
  const std::size_t outputs = live.model->outputs();
  if (candidate.model->outputs() != outputs) {
    throw invalid_argument("the candidate has other outputs");
  }
  for (std::size_t i = 0; i < a.size(); i += outputs) {
    bool is_equal = true;
    for (std::size_t k = i; k < i + outputs; ++k) {
      is_equal = is_equal && is_same(a[k], b[k]);
      const double difference = std::abs(a[k] - b[k]);
      if (difference > counts.largest_difference) counts.largest_difference = difference;
    }
    ++counts.rows;
    if (!is_equal) ++counts.rows_different;
  }
}

}  // namespace

ShadowQueue::~ShadowQueue() {
  {
    const std::lock_guard guard(lock_);
    is_over_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void ShadowQueue::offer(std::span<const std::byte> request, const ServedModel& live,
                        const ServedModel& candidate) noexcept {
  try {
    if (add(request, live, candidate)) changed_.notify_all();
  } catch (const std::exception&) {
    return;  // the answer is made, and goes out
  }
}

bool ShadowQueue::add(std::span<const std::byte> request, const ServedModel& live,
                      const ServedModel& candidate) {
  const std::lock_guard guard(lock_);
  ShadowCounts& counts = counts_[{candidate.name, candidate.version}];
  if (jobs_.size() == kMostJobs || request.size() > kMostBytes - bytes_) {
    ++counts.dropped;
    return false;
  }
  if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
  jobs_.push_back({{request.begin(), request.end()}, live, candidate});
  bytes_ += request.size();
  return jobs_.size() == 1;
}

std::map<ShadowQueue::Key, ShadowCounts> ShadowQueue::read() const {
  const std::lock_guard guard(lock_);
  return counts_;
}

void ShadowQueue::work() {
  InferRequest request;
  std::unique_lock guard(lock_);
  while (true) {
    if (jobs_.empty() && !is_over_) {
      changed_.wait(guard, [&] { return is_over_ || !jobs_.empty(); });
      // Those that come meanwhile do not wake anyone: a switch of threads costs more than a score.
      guard.unlock();
      std::this_thread::sleep_for(kPause);
      guard.lock();
    }
    if (is_over_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    bytes_ -= job.request.size();
    guard.unlock();
    ShadowCounts counts;
    try {
      request.read(job.request);
      compare(job.live, job.candidate, request, counts);
    } catch (const std::exception&) {
      counts = {.failed = 1};
    }
    request.trim(kMostBytes);
    guard.lock();
    ShadowCounts& sum = counts_[{job.candidate.name, job.candidate.version}];
    sum.rows += counts.rows;
    sum.rows_different += counts.rows_different;
    sum.failed += counts.failed;
    sum.largest_difference = std::max(sum.largest_difference, counts.largest_difference);
  }
}

}  // namespace kedge
