#include "kedge/edge/forwarder.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/folder_storage.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

constexpr auto kStep = std::chrono::milliseconds(100);
constexpr int kLastTicks = 16;

std::uint64_t new_life() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

Forwarder::Forwarder(const SpoolConfig& config, const std::string& device,
                     std::span<const std::byte> start)
    : config_(config),
      storage_(std::make_unique<FolderStorage>(config.folder)),
      spool_(*storage_, config.limits, device, new_life()) {
  if (config_.upload.kind != EndpointKind::kNone) {
    upload_ = std::make_unique<Upload>(config_.upload, device, spool_.end(), config_.key);
  }
  scores_.reserve(config_.most_score_bytes());
  taken_scores_.reserve(config_.most_score_bytes());
  spool_.append(RecordKind::kStart, 0, start);
  thread_ = std::thread([this] { run(); });
}

Forwarder::~Forwarder() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Forwarder::add_scores(std::span<const double> scores, std::uint32_t events) {
  const auto bytes = std::as_bytes(scores);
  std::unique_lock lock(mutex_);
  if (scores_.size() + bytes.size() > scores_.capacity()) {
    ++stats_.waits;
    is_full_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return scores_.size() + bytes.size() <= scores_.capacity(); });
  }
  scores_.insert(scores_.end(), bytes.begin(), bytes.end());
  events_ += events;
}

void Forwarder::add_sketch(std::vector<std::byte> sketch) {
  const std::lock_guard lock(mutex_);
  if (!has_new_life_) sketch_ = std::move(sketch);
}

bool Forwarder::takes_new_life() {
  const std::lock_guard lock(mutex_);
  return std::exchange(has_new_life_, false);
}

void Forwarder::forget_sketches() {
  const auto is_sketch = [](const Whole& whole) { return whole.kind == RecordKind::kSketch; };
  std::fprintf(stderr, "kedge-edge: upload: the receiver has records that are not here any more\n");
  taken_sketch_.clear();
  for (std::size_t left = taken_wholes_.size(); left > 0; --left) {
    Whole whole = std::move(taken_wholes_.front());
    taken_wholes_.pop_front();
    if (!is_sketch(whole)) taken_wholes_.push_back(std::move(whole));
  }
  const std::lock_guard lock(mutex_);
  has_new_life_ = true;
  sketch_.clear();
  std::erase_if(wholes_, is_sketch);
}

void Forwarder::close_scores() {
  if (scores_.empty()) return;
  wholes_.push_back({RecordKind::kScores, events_, std::move(scores_)});
  scores_ = {};
  scores_.reserve(config_.most_score_bytes());
  events_ = 0;
}

void Forwarder::change_model(std::vector<std::byte> last_sketch, std::vector<std::byte> start) {
  const std::lock_guard lock(mutex_);
  close_scores();
  sketch_.clear();
  if (!last_sketch.empty() && !has_new_life_) {
    wholes_.push_back({RecordKind::kSketch, 0, std::move(last_sketch)});
  }
  wholes_.push_back({RecordKind::kStart, 0, std::move(start)});
}

void Forwarder::add_state(std::string_view json) {
  const auto bytes = as_bytes(json);
  const std::lock_guard lock(mutex_);
  wholes_.push_back({RecordKind::kState, 0, {bytes.begin(), bytes.end()}});
}

ForwardStats Forwarder::stats() {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// True while there is something that is not on the disk.
bool Forwarder::hand_over() {
  const std::lock_guard lock(mutex_);
  for (Whole& whole : wholes_) taken_wholes_.push_back(std::move(whole));
  wholes_.clear();
  if (taken_wholes_.empty() && taken_scores_.empty() && !scores_.empty()) {
    taken_scores_.swap(scores_);
    std::swap(taken_events_, events_);
    is_full_ = false;
    changed_.notify_all();
  }
  if (taken_wholes_.empty() && taken_sketch_.empty()) taken_sketch_.swap(sketch_);
  return !taken_scores_.empty() || !taken_sketch_.empty() || !taken_wholes_.empty() ||
         spool_.durable().sequence != spool_.end().sequence;
}

// False while there is no room. A record that will never have any must not cost all others.
bool Forwarder::put(RecordKind kind, std::uint32_t events, std::span<const std::byte> bytes) {
  try {
    return spool_.append(kind, events, bytes);
  } catch (const Error& error) {
    std::fprintf(stderr, "kedge-edge: spool: %s\n", error.what());
    return true;
  }
}

void Forwarder::keep() {
  if (!taken_scores_.empty() && put(RecordKind::kScores, taken_events_, taken_scores_)) {
    taken_scores_.clear();
    taken_events_ = 0;
  }
  while (taken_scores_.empty() && !taken_wholes_.empty()) {
    const Whole& next = taken_wholes_.front();
    if (!put(next.kind, next.events, next.bytes)) return;
    taken_wholes_.pop_front();
  }
  if (taken_sketch_.empty() || !taken_wholes_.empty()) return;
  if (!put(RecordKind::kSketch, 0, taken_sketch_)) return;
  taken_sketch_ = {};
}

// False when the disk failed.
bool Forwarder::tick() {
  try {
    spool_.tick();
    return true;
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    if (stats_.failures++ == 0) std::fprintf(stderr, "kedge-edge: spool: %s\n", error.what());
    return false;
  }
}

// It is tried again in a moment, and may fail the same way.
void Forwarder::upload(std::int64_t now_nanos) {
  const std::uint64_t life = spool_.end().life;
  try {
    upload_->step(spool_, now_nanos);
  } catch (const Error& error) {
    if (error.what() != std::exchange(upload_error_, error.what())) {
      std::fprintf(stderr, "kedge-edge: upload: %s\n", error.what());
    }
    const std::lock_guard lock(mutex_);
    ++stats_.failures;
  }
  if (spool_.end().life != life) forget_sketches();
}

void Forwarder::run() {
  bool stopping = false;
  bool is_well = true;  // else it waits, however full it is
  for (int last = 0; !stopping || last < kLastTicks; last += stopping ? 1 : 0) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stopping ? std::chrono::milliseconds(0) : kStep,
                        [&] { return is_stopping_ || (is_full_ && is_well); });
      stopping = is_stopping_;
      if (is_full_) next_tick_ = 0;
    }
    const std::int64_t now = steady_nanos();
    if (stopping || now >= next_tick_) {
      const bool has_more = hand_over();
      if (stopping && !has_more) break;
      next_tick_ = now + config_.flush_nanos;
      keep();
      is_well = tick();
    }
    if (upload_) upload(now);
    const std::lock_guard lock(mutex_);
    stats_.spool = spool_.stats();
    stats_.next_record = spool_.end().sequence;
    stats_.durable_record = spool_.durable().sequence;
    stats_.is_connected = upload_ && upload_->is_connected();
  }
}

}  // namespace kedge::edge
