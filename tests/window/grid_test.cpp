#include "kedge/window/grid.h"

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::int64_t kDay = 86'400;

Type seconds() {
  Type type;
  type.id = TypeId::kTimestamp;
  type.unit = TimeUnit::kSecond;
  return type;
}

WindowSpec windows(std::string_view every, std::string_view length) {
  WindowSpec spec;
  spec.kind = WindowKind::kTime;
  spec.every = parse_duration(every);
  spec.length = parse_duration(length);
  return spec;
}

// Berlin in 2024: summer time from March 31 to October 27, at 01:00 UTC.
Zone berlin() {
  return {"Europe/Berlin", {{INT64_MIN, 3600}, {1'711'846'800, 7200}, {1'729'990'800, 3600}}};
}

TEST("every time lies in the range of its pane, and panes follow one another without a gap") {
  Random random(1);
  std::vector<WindowSpec> specs = {windows("10s", "10s"), windows("7s", "3s"), windows("1d", "7d"),
                                   windows("1mo", "1mo"), windows("1w", "1w"), windows("1y", "1y")};
  specs.push_back(windows("1d", "1d"));
  specs.back().zone = berlin();
  for (const WindowSpec& spec : specs) {
    const Grid grid(spec, seconds());
    for (int i = 0; i < 2000; ++i) {
      const auto time =
          static_cast<std::int64_t>(random.bits() % (200 * 365 * kDay)) - 100 * 365 * kDay;
      const std::int64_t pane = grid.pane_of(time);
      const TimeRange range = grid.range_of(pane);
      CHECK(range.contains(time));
      CHECK(grid.range_of(pane + 1).begin == range.end);
      CHECK(grid.pane_of(range.begin) == pane);
      CHECK(grid.pane_of(range.end - 1) == pane);
    }
  }
}

TEST("a local day has 23 hours when clocks go forward and 25 when they go back") {
  WindowSpec spec = windows("1d", "1d");
  spec.zone = berlin();
  const Grid grid(spec, seconds());
  const auto hours = [&](std::int64_t time) {
    const TimeRange range = grid.range_of(grid.pane_of(time));
    return (range.end - range.begin) / 3600;
  };
  CHECK(hours(1'711'843'200) == 23);  // 2024-03-31T00:00Z
  CHECK(hours(1'729'987'200) == 25);  // 2024-10-27T00:00Z
  CHECK(hours(1'720'000'000) == 24);
}

TEST("weeks begin on Mondays, months on their first") {
  const Grid weeks(windows("1w", "1w"), seconds());
  CHECK(weeks.range_of(weeks.pane_of(0)).begin == -3 * kDay);  // 1969-12-29
  const Grid months(windows("1mo", "1mo"), seconds());
  const TimeRange february = months.range_of(months.pane_of(1'709'164'800));  // 2024-02-29
  CHECK(february.end - february.begin == 29 * kDay);
}

TEST("an alignment moves every boundary, whichever window it names") {
  WindowSpec spec = windows("10s", "10s");
  spec.align_to = 1'000'003'000'000'000;
  const Grid grid(spec, seconds());
  CHECK(grid.range_of(grid.pane_of(0)).begin == -7);
  spec.align_to = 1'500'000'000;
  CHECK_ERROR("no whole number", Grid(spec, seconds()));
}

TEST("what a column's unit cannot tell is refused") {
  CHECK_ERROR("\"1ms\" is no whole number", Grid(windows("1ms", "1ms"), seconds()));
  CHECK_ERROR("months go with months", Grid(windows("1d", "1mo"), seconds()));
}

TEST("between windows shorter than their step there is no window") {
  const Grid grid(windows("30s", "10s"), seconds());
  CHECK(grid.in_window(grid.pane_of(9)));
  CHECK(!grid.in_window(grid.pane_of(10)));
  CHECK(!grid.in_window(grid.pane_of(-1)));
  CHECK(grid.in_window(grid.pane_of(-30)));
}

TEST("the farthest times there are have panes, in every unit") {
  Type days;
  days.id = TypeId::kDate32;
  for (const Type& type : {seconds(), days}) {
    for (const char* every : {"1d", "10d", "1mo", "3y"}) {
      const Grid grid(windows(every, every), type);
      for (const std::int64_t time : {grid.span().begin, grid.span().end - 1}) {
        CHECK(grid.range_of(grid.pane_of(time)).contains(time));
        CHECK(grid.has(grid.pane_of(time)));
      }
    }
  }
}

TEST("a duration's text reads back as itself") {
  for (const char* text : {"0s", "1ns", "1h30m", "1d", "2w", "1mo", "1y2mo3d4h5m6s7ms8us9ns"}) {
    const Duration duration = parse_duration(text);
    CHECK(parse_duration(to_string(duration)) == duration);
  }
  CHECK_ERROR("\"10\" is no duration", parse_duration("10"));
  CHECK_ERROR("\"\" is no duration", parse_duration(""));
  CHECK_ERROR("\"1x\" is no duration", parse_duration("1x"));
  CHECK_ERROR("longer than 290 years", parse_duration("1000y"));
  CHECK_ERROR("longer than 290 years", parse_duration("9000000000000s"));
}

}  // namespace
}  // namespace kedge
