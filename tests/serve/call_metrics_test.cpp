#include "kedge/serve/call_metrics.h"

#include <thread>
#include <vector>

#include "check.h"

namespace kedge {
namespace {

using std::chrono::nanoseconds;

TEST("latency bounds rise by half or a third") {
  const auto bounds = latency_bounds();
  CHECK(bounds.front() == 1000);
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    CHECK(bounds[i] * 2 == bounds[i - 1] * 3 || bounds[i] * 3 == bounds[i - 1] * 4);
  }
}

TEST("a call is counted below the first bound that it does not exceed") {
  const auto bounds = latency_bounds();
  CHECK(CallMetrics().read().last_ms == 0);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    CallMetrics metrics;
    metrics.record(StatusCode::kOk, 2, nanoseconds(bounds[i]));
    metrics.record(StatusCode::kNotFound, 0, nanoseconds(bounds[i] + 1));
    const CallCounts counts = metrics.read();
    CHECK(counts.latency[i] == 1 && counts.latency[i + 1] == 1 && counts.calls() == 2);
    CHECK(counts.codes[0] == 1 && counts.codes[5] == 1 && counts.rows == 2);
    CHECK(counts.nanoseconds == 2 * bounds[i] + 1);
    CHECK(counts.failed_nanoseconds == bounds[i] + 1);
    CHECK(counts.last_ms > 0);
  }
}

TEST("a request is named where its id is no end of a scrape") {
  using namespace std::string_view_literals;
  const auto named = [](std::string_view id) {
    CallMetrics metrics;
    metrics.record(StatusCode::kOk, 1, nanoseconds(1), id);
    return metrics.exemplar(0).has_value();
  };
  CHECK(named("a") && named("\xc3\xa9 \"1\"") && named(std::string(96, 'a')));
  CHECK(!named("") && !named("a\0b"sv) && !named("a\rb") && !named("\x7f"));
  CHECK(!named(std::string(97, 'a')));
}

TEST("no call of any thread is lost") {
  CallMetrics metrics;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; ++call) {
        metrics.record(StatusCode::kOk, 3, nanoseconds(call - 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.read().calls() == 4000);
  CHECK(metrics.read().rows == 12000);
}

}  // namespace
}  // namespace kedge
