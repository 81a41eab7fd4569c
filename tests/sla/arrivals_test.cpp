#include "kedge/sla/arrivals.h"

#include <algorithm>

#include "check.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

std::vector<std::int64_t> due(std::vector<ArrivalPart> parts, Spacing spacing = Spacing::kEven) {
  return arrivals(parts, spacing, 7);
}

TEST("even calls are a period apart") {
  const auto times = due({{0.002, 2000, 2000}});
  CHECK((times == std::vector<std::int64_t>{0, 500'000, 1'000'000, 1'500'000}));
}

TEST("rounding makes no call") {
  const auto times = due({{1.1, 200, 200}});
  CHECK(times.size() == 220);
  CHECK(times[101] == 505'000'000);
}

TEST("parts follow each other, and a part without calls takes its time") {
  const auto times = due({{1, 2, 2}, {3, 0, 0}, {1, 2, 2}});
  CHECK((times == std::vector<std::int64_t>{0, 500'000'000, 4'000'000'000, 4'500'000'000}));
}

TEST("a ramp has its mean rate, later calls closer together") {
  const auto times = due({{2, 0, 1000}});
  CHECK(times.size() == 1000);
  CHECK(std::ranges::is_sorted(times));
  CHECK(std::ranges::count_if(times, [](std::int64_t at) { return at < 1'000'000'000; }) == 250);
}

TEST("a Poisson process has its rate, and the same times every time") {
  const auto times = due({{10, 5000, 5000}}, Spacing::kPoisson);
  CHECK(times.size() > 49'000 && times.size() < 51'000);
  CHECK(std::ranges::is_sorted(times) && times.back() < 10'000'000'000);
  CHECK(times == due({{10, 5000, 5000}}, Spacing::kPoisson));
}

TEST("what is no schedule is refused") {
  CHECK_ERROR("parts[0]: seconds = 0 is not positive", due({{0, 1, 1}}));
  CHECK_ERROR("parts[1]: rate = -1 is negative or not finite", due({{1, 1, 1}, {1, -1, 1}}));
  CHECK_ERROR("a schedule of 1e+12 calls, of 268435456 at most", due({{1e6, 1e6, 1e6}}));
}

}  // namespace
}  // namespace kedge
