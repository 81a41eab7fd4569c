// What a service has to tell its operator, a line each, until a transport takes it.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace kedge {

// Any number of threads. Beyond kMost lines the oldest ones are gone.
class EventLines {
 public:
  static constexpr std::size_t kMost = 4096;

  void add(std::string line) {
    const std::lock_guard guard(lock_);
    if (lines_.size() == kMost) lines_.pop_front();
    lines_.push_back(std::move(line));
  }
  // Those since they were last taken.
  std::vector<std::string> take() {
    const std::lock_guard guard(lock_);
    std::vector<std::string> out(std::make_move_iterator(lines_.begin()),
                                 std::make_move_iterator(lines_.end()));
    lines_.clear();
    return out;
  }

 private:
  std::mutex lock_;
  std::deque<std::string> lines_;
};

}  // namespace kedge
