#include "kedge/edge/update_thread.h"

#include <chrono>
#include <cstdio>
#include <exception>

#include "kedge/base/error.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

constexpr auto kStep = std::chrono::milliseconds(20);
constexpr std::int64_t kQuietNanos = 3'600'000'000'000;
constexpr auto kRetry = std::chrono::milliseconds(1000);  // of a disk that failed

}  // namespace

UpdateThread::UpdateThread(const EdgeConfig& config, BoardModel& board, Agent& agent)
    : config_(config),
      board_(board),
      agent_(agent),
      offers_(board.storage(), *config.update, config.device, &is_stopping_),
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

void UpdateThread::fail(bool is_distrust, const char* reason) {
  {
    const std::lock_guard lock(mutex_);
    ++(is_distrust ? stats_.refusals : stats_.failures);
  }
  const std::int64_t now = steady_nanos();
  if (now < next_telling_) return;
  next_telling_ = now + kQuietNanos;
  std::fprintf(stderr, "kedge-edge: update: %s\n", reason);
  if (is_distrust) board_.update().distrust(reason);
}

// False when it failed: it is counted, and told once in a while.
template <class Run>
bool UpdateThread::attempt(const Run& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    fail(error.code() != ErrorCode::kInvalidArgument, error.what());
  } catch (const std::exception& error) {
    fail(false, error.what());
  }
  return false;
}

std::unique_ptr<ScoringModel> UpdateThread::made(const MappedFile& file, const SlotImage& image) {
  EdgeModel model = load_model(file, image.digest);
  const std::size_t outputs = model.model->outputs();
  const std::size_t wanted = agent_.model().outputs();
  if (outputs != wanted) {
    throw invalid_argument("a model of ", outputs, " outputs, the board's has ", wanted);
  }
  return std::make_unique<ScoringModel>(config_, agent_.schema(), std::move(model),
                                        config_.epoch + board_.slots().state().commits + 1);
}

// That an earlier start has left, or that was armed.
void UpdateThread::try_candidate() {
  Update& update = board_.update();
  const auto file = update.candidate();
  if (!file) return;
  const SlotState& state = board_.slots().state();
  try {
    agent_.trial().begin(made(*file, state.trying), state.bounds, live_range_);
  } catch (const std::exception& error) {
    update.refuse(error.what());
  }
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
  if (agent_.trial().stage() != Trial::Stage::kIdle) return true;
  if (board_.slots().is_trying()) return attempt([&] { try_candidate(); });
  const std::int64_t now = steady_nanos();
  if (now < next_look_) return true;
  next_look_ = now + config_.update->poll_nanos;
  if (attempt([&] { board_.update().look(offers_); })) next_telling_ = 0;
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
    is_well = has_begun ? step() : attempt([&] { board_.update().start(); });
    has_begun = has_begun || is_well;
    tell();
    std::unique_lock lock(mutex_);
    const auto pause = is_well ? kStep : kRetry;
    if (changed_.wait_for(lock, pause, [&] { return is_stopping_.load(); })) break;
  }
  attempt([&] {
    settle();
    board_.update().stop();
  });
  tell();
}

}  // namespace kedge::edge
