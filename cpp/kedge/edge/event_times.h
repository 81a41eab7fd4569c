// How long events take on this very machine: each line by itself, from its bytes to where its score
// was written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::edge {

class EventTimes {
 public:
  // Calls use(bytes) for each line, with its end, and takes the time. A line may come in pieces,
  // however the bytes were cut: their times are one event's, without what lay between them.
  template <class Use>
  void push(std::string_view bytes, const Use& use) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::size_t size = std::min(end, bytes.size() - 1) + 1;
      open_nanos_ = open_nanos_.value_or(0) + nanos_of([&] { use(bytes.substr(0, size)); });
      if (end != bytes.npos) close_event();
      bytes.remove_prefix(size);
    }
  }
  // Calls use() where the bytes have ended: a last line without its end is an event as well.
  template <class Use>
  void end_stream(const Use& use) {
    const std::int64_t nanos = nanos_of(use);
    if (!open_nanos_) return;
    *open_nanos_ += nanos;
    close_event();
  }
  void add(std::int64_t nanos);

  // The least time that at least `share` of the events took no longer than, up to a 64th.
  std::int64_t quantile(double share) const noexcept;
  // "events: 1000, p50 0.021 ms, p99 0.034 ms, p99.9 0.051 ms, longest 0.060 ms".
  std::string summary() const;

 private:
  static std::int64_t nanos_now();
  template <class Run>
  static std::int64_t nanos_of(const Run& run) {
    const std::int64_t start = nanos_now();
    run();
    return nanos_now() - start;
  }
  void close_event();

  std::vector<std::uint64_t> counts_;  // of times that begin with the same seven bits
  std::uint64_t events_ = 0;
  std::int64_t longest_ = 0;
  std::optional<std::int64_t> open_nanos_;  // of a line whose end has not come
};

}  // namespace kedge::edge
