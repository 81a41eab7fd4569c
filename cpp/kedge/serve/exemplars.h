// Of each bucket of a latency histogram one request that fell into it lately, by its id: where to
// begin when one asks which requests are slow.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kedge {

struct Exemplar {
  std::string id;
  std::uint64_t nanoseconds = 0;
  std::uint64_t at_ms = 0;  // since 1970
};

// Any number of threads; nobody waits: of two that write to a bucket at once one is not kept, nor
// is a second one within a second. A request without an id, with a longer one than kMostId or with
// one that has a control character, which ends a scrape, is none.
template <std::size_t kBuckets>
class Exemplars {
 public:
  static constexpr std::size_t kMostId = 96;  // OpenMetrics allows 128 with the label's name
  static constexpr std::uint64_t kEveryMs = 1000;

  void offer(std::size_t bucket, std::string_view id, std::uint64_t ns,
             std::uint64_t now_ms) noexcept {
    if (id.empty() || id.size() > kMostId || has_control(id)) return;
    Place& place = places_[bucket];
    if (now_ms - place.at_ms.load(std::memory_order_relaxed) < kEveryMs) return;
    if (place.is_taken.test_and_set(std::memory_order_acquire)) return;
    id.copy(place.id.data(), id.size());
    place.length = id.size();
    place.nanoseconds = ns;
    place.at_ms.store(now_ms, std::memory_order_relaxed);
    place.is_taken.clear(std::memory_order_release);
  }

  // None also while one is written.
  std::optional<Exemplar> read(std::size_t bucket) const {
    Place& place = places_[bucket];
    if (place.at_ms.load(std::memory_order_relaxed) == 0) return std::nullopt;
    if (place.is_taken.test_and_set(std::memory_order_acquire)) return std::nullopt;
    std::array<char, kMostId> id = place.id;
    const std::size_t length = place.length;
    Exemplar out{{}, place.nanoseconds, place.at_ms.load(std::memory_order_relaxed)};
    place.is_taken.clear(std::memory_order_release);
    out.id.assign(id.data(), length);
    return out;
  }

 private:
  static bool has_control(std::string_view id) noexcept {
    return std::ranges::any_of(id, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  }

  struct Place {
    std::atomic<std::uint64_t> at_ms = 0;
    std::atomic_flag is_taken;
    std::uint64_t nanoseconds = 0;
    std::size_t length = 0;
    std::array<char, kMostId> id{};
  };
  mutable std::array<Place, kBuckets> places_;
};

}  // namespace kedge
