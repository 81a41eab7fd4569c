// What became of the files of a repository: told once, and counted for good.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kedge {

enum class LoadOutcome : std::uint8_t { kLoaded, kRefused, kUnloaded };
inline constexpr std::array<std::string_view, 3> kLoadOutcomes{"loaded", "refused", "unloaded"};

struct Load {
  std::string name;
  std::string version;
  LoadOutcome outcome = LoadOutcome::kLoaded;
  std::string reason;  // why it was refused
};

// Any number of threads; its lock is held for no longer than a copy takes, so that nobody who reads
// waits for a file to be loaded.
class Loads {
 public:
  static constexpr std::size_t kMostUntold = 1024;  // the oldest ones are forgotten
  using Counts = std::map<std::pair<std::string, std::string>, std::array<std::uint64_t, 3>>;

  void add(Load load);
  // Those since they were last taken.
  std::vector<Load> take();
  // By name and version, of each outcome; of as many as the folder ever had.
  Counts counts() const;

 private:
  mutable std::mutex lock_;
  std::vector<Load> untold_;
  Counts counts_;
};

}  // namespace kedge
