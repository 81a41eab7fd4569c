#include "kedge/sla/latency_histogram.h"

#include <limits>

#include "check.h"

namespace kedge {
namespace {

TEST("a latency lies in its cell, and cells are no wider than a 128th") {
  std::int64_t least = 0;
  for (std::size_t cell = 0; cell + 1 < kLatencyCells; ++cell) {
    const std::int64_t most = latency_cell_bound(cell);
    CHECK(latency_cell(least) == cell && latency_cell(most) == cell);
    CHECK((most - least) * 128 <= least);
    least = most + 1;
  }
  CHECK(latency_cell(least) == kLatencyCells - 1);
  CHECK(latency_cell((std::int64_t{1} << kLatencyOctaves) - 1) == kLatencyCells - 1);
  CHECK(latency_cell_bound(kLatencyCells - 1) == latency_cell_bound(kLatencyCells - 2) + 1);
}

TEST("no latency is too small or too large") {
  CHECK(latency_cell(-5) == 0);
  CHECK(latency_cell(std::numeric_limits<std::int64_t>::max()) == kLatencyCells - 1);
}

TEST("merged counts are those of all") {
  LatencyHistogram one;
  LatencyHistogram other;
  one.record(100);
  other.record(100);
  other.record(1'000'000);
  one.merge(other);
  CHECK(one.counts()[latency_cell(100)] == 2);
  CHECK(one.counts()[latency_cell(1'000'000)] == 1);
}

}  // namespace
}  // namespace kedge
