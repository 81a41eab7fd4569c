#include "kedge/edge/event_times.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge::edge {

TEST("event times: a quantile is at most a 64th above the event's own, and never below") {
  Random random(3);
  EventTimes times;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 5000; ++i) {
    all.push_back(static_cast<std::int64_t>(random.bits() >> (20 + random.below(44))));
    times.add(all.back());
  }
  std::ranges::sort(all);
  for (const double share : {0.001, 0.5, 0.99, 0.999, 1.0}) {
    const std::int64_t exact = all[static_cast<std::size_t>(share * 5000) - 1];
    const std::int64_t said = times.quantile(share);
    CHECK(said >= exact && said - exact <= exact / 64);
  }
}

TEST("event times: each line is an event, however its bytes were cut, the last one too") {
  const std::string bytes = "a\n\nbc\nd";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EventTimes times;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      times.push(bytes.substr(at, piece), [&](std::string_view part) {
        CHECK(part.find('\n') == part.npos || part.find('\n') + 1 == part.size());
        seen += part;
      });
    }
    CHECK(seen == bytes);
    CHECK(times.summary().starts_with("events: 3, p50 "));
    for (int ends = 0; ends < 2; ++ends) {
      times.end_stream([] {});
      CHECK(times.summary().starts_with("events: 4, p50 "));
    }
  }
}

TEST("event times: a line that came in pieces took as long as all of them") {
  EventTimes times;
  const auto wait = [](auto...) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
  times.push("a", wait);
  times.push("b", wait);
  times.end_stream(wait);
  CHECK(times.quantile(1.0) >= 3'000'000);
}

}  // namespace kedge::edge
