#include "kedge/edge/window_keeper.h"

#include <cstdio>

#include "kedge/base/error.h"
#include "kedge/base/folder_storage.h"
#include "kedge/base/give_back.h"

namespace kedge::edge {

WindowKeeper::WindowKeeper(const StateConfig& config, const WindowSpec& spec, const Schema& columns)
    : storage_(std::make_unique<FolderStorage>(config.folder)),
      store_(*storage_),
      every_nanos_(config.every_nanos) {
  WindowStore::Found found = store_.find(spec, columns);
  window_ = std::move(found.window);
  before_ = found.note;
  stats_.is_refused = !found.refusal.empty();
  if (stats_.is_refused) {
    std::fprintf(stderr, "kedge-edge: windows.state: %s; set aside as windows.refused\n",
                 found.refusal.c_str());
  }
  if (window_ && !before_.is_clean) ++before_.cuts;
  before_.is_clean = false;
  stats_.cuts = before_.cuts;
  stats_.rows = stats_.next_rows = before_.rows;
  // Before any row comes, so that a stop in order is none any more.
  if (window_) keep(window_->snapshot(before_.to_bytes()), before_.rows);
  thread_ = std::thread([this] { run(); });
}

WindowKeeper::~WindowKeeper() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

WindowNote WindowKeeper::note_of(std::uint64_t rows, std::uint64_t malformed) const {
  return {before_.rows + rows, before_.malformed + malformed, before_.cuts, false};
}

void WindowKeeper::step(const Window& window, std::uint64_t rows, std::uint64_t malformed,
                        std::int64_t now_nanos) {
  const WindowNote note = note_of(rows, malformed);
  {
    const std::lock_guard lock(mutex_);
    stats_.next_rows = note.rows;
    if (now_nanos < next_ || !state_.empty() || note.rows == stats_.rows) return;
  }
  next_ = now_nanos + every_nanos_;
  std::vector<std::byte> state = state_of(window, note);
  {
    const std::lock_guard lock(mutex_);
    state_ = std::move(state);
    state_rows_ = note.rows;
  }
  changed_.notify_all();
}

void WindowKeeper::finish(const Window& window, std::uint64_t rows, std::uint64_t malformed) {
  WindowNote note = note_of(rows, malformed);
  note.is_clean = true;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  stats_.next_rows = note.rows;
  const std::vector<std::byte> state = state_of(window, note);
  if (!state.empty()) keep(state, note.rows);
}

KeptWindows WindowKeeper::stats() {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// Empty when the windows' own state was lost.
std::vector<std::byte> WindowKeeper::state_of(const Window& window, const WindowNote& note) {
  try {
    return window.snapshot(note.to_bytes());
  } catch (const Error& error) {
    fail(error.what());
    return {};
  }
}

void WindowKeeper::fail(const char* reason) {
  const std::lock_guard lock(mutex_);
  if (stats_.failures++ == 0) std::fprintf(stderr, "kedge-edge: windows.state: %s\n", reason);
}

void WindowKeeper::keep(std::span<const std::byte> state, std::uint64_t rows) {
  try {
    store_.keep(state);
  } catch (const Error& error) {
    return fail(error.what());
  }
  const std::lock_guard lock(mutex_);
  ++stats_.writes;
  stats_.rows = rows;
}

void WindowKeeper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_stopping_ || !state_.empty(); });
    if (state_.empty()) return;
    const std::uint64_t rows = state_rows_;
    lock.unlock();
    keep(state_, rows);  // nobody else touches it until it is empty
    lock.lock();
    give_back(state_);
  }
}

}  // namespace kedge::edge
