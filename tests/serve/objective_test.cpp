#include "kedge/serve/objective.h"

#include <cmath>

#include "check.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_near(double a, double b) { return std::abs(a - b) < 1e-9; }

TEST("a call is missed when it is late or fails by the server's fault") {
  const Objective objective{milliseconds(10), 0.99};
  CHECK(!objective.is_missed(StatusCode::kOk, milliseconds(10)));
  CHECK(objective.is_missed(StatusCode::kOk, milliseconds(11)));
  CHECK(!objective.is_missed(StatusCode::kInvalidArgument, milliseconds(1)));
  for (const StatusCode code : {StatusCode::kDeadlineExceeded, StatusCode::kInternal,
                                StatusCode::kResourceExhausted, StatusCode::kUnavailable}) {
    CHECK(objective.is_missed(code, milliseconds(1)));
  }
  CHECK_ERROR("must be positive", Objective{milliseconds(0), 0.9}.check());
  CHECK_ERROR("share = 1", Objective{milliseconds(1), 1}.check());
}

TEST("the burn rate is that of its window") {
  BurnRate burn;
  const BurnRate::Clock::time_point start{};
  ObjectiveCounts counts;
  CHECK(burn.rate(start, counts, seconds(300), 0.9) == 0);
  // An hour in which a tenth is missed, of which a tenth may be; then ten minutes in which half is.
  for (int at = 0; at < 4200; at += 5) {
    burn.observe(start + seconds(at), counts);
    counts.calls += 10;
    counts.missed += at < 3600 ? 1 : 5;
  }
  const auto now = start + seconds(4200);
  CHECK(is_near(burn.rate(now, counts, seconds(300), 0.9), 5));
  const double longest = (3000 * 0.1 + 600 * 0.5) / 3600 / 0.1;
  CHECK(is_near(burn.rate(now, counts, BurnRate::kLongest, 0.9), longest));
  burn.observe(now + seconds(10), counts);
  counts.calls += 100;
  CHECK(burn.rate(now + seconds(400), counts, seconds(300), 0.9) == 0);
}

TEST("a young server's burn rate is that of its life") {
  BurnRate burn;
  burn.observe(BurnRate::Clock::time_point(seconds(50)), {5, 1});
  const auto now = BurnRate::Clock::time_point(seconds(60));
  CHECK(is_near(burn.rate(now, {10, 1}, BurnRate::kLongest, 0.9), 1));
}

TEST("counts that fall burn nothing") {
  BurnRate burn;
  const BurnRate::Clock::time_point start{};
  burn.observe(start, {10, 1});
  const auto now = start + seconds(300);
  CHECK(burn.rate(now, {20, 0}, seconds(300), 0.9) == 0);
  CHECK(burn.rate(now, {5, 1}, seconds(300), 0.9) == 0);
}

}  // namespace
}  // namespace kedge
