#include "kedge/edge/update_thread.h"

#include <chrono>
#include <cstdio>

#include "kedge/base/error.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

constexpr auto kStep = std::chrono::milliseconds(20);
constexpr std::int64_t kQuietNanos = 3'600'000'000'000;
constexpr auto kRetry = std::chrono::milliseconds(1000);  // of a disk that failed

bool is_distrust(ErrorCode code) { return code != ErrorCode::kInvalidArgument; }

}  // namespace

UpdateThread::UpdateThread(const EdgeConfig& config, BoardModel& board, Agent& agent)
    : config_(config),
      board_(board),
      agent_(agent),
      offers_(board.storage(), *config.update, config.device),
      live_range_(expected_scores(agent.model(), config.output.raw)) {
  thread_ = std::thread([this] { run(); });
}

UpdateThread::~UpdateThread() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

UpdateStats UpdateThread::stats() {
  const std::lock_guard lock(mutex_);
  UpdateStats stats = stats_;
  stats.trial_rows = agent_.trial().rows();
  return stats;
}

// False when it failed: it is counted, and told once in a while.
template <class Run>
bool UpdateThread::attempt(const Run& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      ++(is_distrust(error.code()) ? stats_.refusals : stats_.failures);
    }
    const std::int64_t now = steady_nanos();
    if (now < next_telling_) return false;
    next_telling_ = now + kQuietNanos;
    std::fprintf(stderr, "kedge-edge: update: %s\n", error.what());
    if (is_distrust(error.code())) board_.update().distrust(error.what());
    return false;
  }
}

std::unique_ptr<ScoringModel> UpdateThread::made(const MappedFile& file, const SlotImage& image) {
  auto candidate =
      std::make_unique<ScoringModel>(config_, agent_.schema(), load_model(file, image.digest),
                                     config_.epoch + board_.slots().state().commits + 1);
  const std::size_t wanted = agent_.model().outputs();
  if (candidate->model().outputs() != wanted) {
    throw invalid_argument("a model of ", candidate->model().outputs(),
                           " outputs, the board's has ", wanted);
  }
  return candidate;
}

void UpdateThread::try_candidate(std::unique_ptr<ScoringModel> candidate) {
  agent_.trial().begin(std::move(candidate), board_.slots().state().bounds, live_range_);
}

// What an earlier start has left.
void UpdateThread::begin() {
  Update& update = board_.update();
  if (!update.start()) return;
  const auto file = update.candidate();
  if (!file) return;
  try {
    try_candidate(made(*file, board_.slots().state().trying));
  } catch (const Error& error) {
    update.revert(error.what());
  }
}

void UpdateThread::look() {
  std::unique_ptr<ScoringModel> candidate;
  const bool is_armed = board_.update().look(
      offers_,
      [&](const MappedFile& file, const SlotImage& image) { candidate = made(file, image); });
  if (is_armed) try_candidate(std::move(candidate));
  next_telling_ = 0;
}

// What the scoring thread has passed on.
void UpdateThread::settle() {
  Trial& trial = agent_.trial();
  if (trial.stage() == Trial::Stage::kRetired) {
    live_range_ = next_range_;
    trial.end();
  }
  if (trial.stage() != Trial::Stage::kDecided) return;
  if (trial.gate().verdict() == GateVerdict::kCommit) {
    next_range_ = expected_scores(trial.next().model(), config_.output.raw);
    board_.update().commit();
    trial.let_take_over();
  } else {
    board_.update().revert(trial.gate().reason());
    trial.end();
  }
}

// False when the disk failed.
bool UpdateThread::step() {
  if (!attempt([&] { settle(); })) return false;
  const std::int64_t now = steady_nanos();
  if (agent_.trial().stage() == Trial::Stage::kIdle && now >= next_look_) {
    next_look_ = now + config_.update->poll_nanos;
    attempt([&] { look(); });
  }
  return true;
}

void UpdateThread::tell() {
  for (const std::string& report : board_.take_reports()) agent_.add_state(report);
  const SlotState& state = board_.slots().state();
  const std::lock_guard lock(mutex_);
  stats_.version = state.active == SlotState::kNone ? 0 : state.running.version;
  stats_.candidate = board_.slots().is_trying() ? state.trying.version : 0;
  stats_.commits = state.commits;
}

void UpdateThread::run() {
  bool has_begun = false;
  bool is_well = true;
  while (true) {
    is_well = has_begun ? step() : attempt([&] { begin(); });
    has_begun = has_begun || is_well;
    tell();
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, is_well ? kStep : kRetry, [&] { return is_stopping_; })) break;
  }
  attempt([&] {
    settle();
    board_.update().stop();
  });
  tell();
}

}  // namespace kedge::edge
