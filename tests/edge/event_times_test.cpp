#include "kedge/edge/event_times.h"

#include <algorithm>
#include <string>

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

TEST("event times: each line is an event, the last one too when it has no end") {
  EventTimes times;
  std::string seen;
  times.push("a\n\nbc\nd", [&](std::string_view line) { seen += std::string(line) + "|"; });
  CHECK(seen == "a\n|\n|bc\n|d|");
  CHECK(times.summary().starts_with("events: 4, p50 "));
}

}  // namespace kedge::edge
