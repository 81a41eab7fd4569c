// How long events take on this very machine: each line by itself, from its bytes to where its score
// was written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::edge {

class EventTimes {
 public:
  // Calls use(line) for each line of the bytes, with its end, and takes the time.
  template <class Use>
  void push(std::string_view bytes, const Use& use) {
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
      const std::int64_t start = nanos_now();
      use(bytes.substr(0, size));
      add(nanos_now() - start);
      bytes.remove_prefix(size);
    }
  }
  void add(std::int64_t nanos);

  // The least time that at least `share` of the events took no longer than, up to a 64th.
  std::int64_t quantile(double share) const noexcept;
  // "events: 1000, p50 0.021 ms, p99 0.034 ms, p99.9 0.051 ms, longest 0.060 ms".
  std::string summary() const;

 private:
  static std::int64_t nanos_now();

  std::vector<std::uint64_t> counts_;  // of times that begin with the same seven bits
  std::uint64_t events_ = 0;
  std::int64_t longest_ = 0;
};

}  // namespace kedge::edge
