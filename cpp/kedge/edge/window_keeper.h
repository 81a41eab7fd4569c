// Keeps the windows' state on a disk, on a thread of its own: whoever scores makes the bytes and
// waits for nothing.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "kedge/edge/config.h"
#include "kedge/edge/window_store.h"

namespace kedge::edge {

struct KeptWindows {
  std::uint64_t rows = 0;       // of the input, in the state that is on the disk
  std::uint64_t next_rows = 0;  // and in the windows: a kill loses what is between
  std::uint64_t writes = 0;
  std::uint64_t failures = 0;
  std::uint64_t cuts = 0;
  bool is_refused = false;  // what this start found
};

class WindowKeeper {
 public:
  // Throws as FolderStorage.
  WindowKeeper(const StateConfig& config, const WindowSpec& spec, const Schema& columns);
  WindowKeeper(const WindowKeeper&) = delete;
  WindowKeeper& operator=(const WindowKeeper&) = delete;
  ~WindowKeeper();

  // What was open at the last stop; once, and none at the first start.
  std::unique_ptr<Window> take_window() { return std::move(window_); }

  // The numbers are those of this run. Kept now and then: when it is time and the disk has what it
  // was given.
  void step(const Window& window, std::uint64_t rows, std::uint64_t malformed,
            std::int64_t now_nanos);
  // Nothing comes behind it. Returns when it is on the disk, or cannot be.
  void finish(const Window& window, std::uint64_t rows, std::uint64_t malformed);

  KeptWindows stats();

 private:
  void run();
  std::vector<std::byte> state_of(const Window& window, const WindowNote& note);
  void fail(const char* reason);
  void keep(std::span<const std::byte> state, std::uint64_t rows);
  WindowNote note_of(std::uint64_t rows, std::uint64_t malformed) const;

  std::unique_ptr<Storage> storage_;
  WindowStore store_;
  std::unique_ptr<Window> window_;
  WindowNote before_;  // this run
  std::int64_t every_nanos_;
  std::int64_t next_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> state_;  // to be written; empty when there is none
  std::uint64_t state_rows_ = 0;
  bool is_stopping_ = false;
  KeptWindows stats_;
  std::thread thread_;
};

}  // namespace kedge::edge
