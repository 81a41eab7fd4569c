#include "kedge/drift/alarm.h"

#include <algorithm>
#include <cmath>

#include "kedge/drift/bracket.h"
#include "kedge/drift/heaviest_run.h"

namespace kedge {
namespace {

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string what_of(EventKind kind) {
  switch (kind) {
    case EventKind::kValueCut:
      return "values";
    case EventKind::kLengthCut:
      return "lengths";
    case EventKind::kHashCut:
      return "hashes";
    case EventKind::kName:
      return "name";
    case EventKind::kOtherNames:
      return "other names";
    case EventKind::kNewName:
      return "new names";
    case EventKind::kBelowRange:
      return "below the range";
    case EventKind::kAboveRange:
      return "above the range";
    case EventKind::kMissing:
      return "missing";
  }
  return {};
}

bool is_cut(EventKind kind) {
  return kind == EventKind::kValueCut || kind == EventKind::kLengthCut ||
         kind == EventKind::kHashCut;
}

// The two samples' distribution functions at the cuts of one kind, and at both ends.
struct Shares {
  std::vector<std::uint32_t> slots;  // the last one of each part
  std::vector<double> reference;
  std::vector<double> current;
};

Shares shares_at_cuts(const ColumnMonitor& monitor, EventKind kind, std::uint32_t end,
                      std::span<const std::uint64_t> current) {
  const std::span<const std::uint64_t> then = monitor.reference_tallies();
  Shares shares;
  for (const Event& event : monitor.tallies().events()) {
    if (event.kind != kind) continue;
    shares.slots.push_back(event.slot);
    shares.reference.push_back(share_of(then[event.hits], then[event.rows]));
    shares.current.push_back(share_of(current[event.hits], current[event.rows]));
  }
  shares.slots.push_back(end);
  shares.reference.push_back(1);
  shares.current.push_back(1);
  return shares;
}

void set_distance(const Shares& shares, Alarm& alarm) {
  double f = 0;
  double g = 0;
  alarm.at_most = 0;
  for (std::size_t i = 0; i < shares.slots.size(); ++i) {
    alarm.at_most = std::max({alarm.at_most, shares.reference[i] - g, shares.current[i] - f});
    f = shares.reference[i];
    g = shares.current[i];
    alarm.distance = std::max(alarm.distance, std::fabs(f - g));
  }
}

void set_range(const Shares& shares, const CellMap& map, bool has_values, Alarm& alarm) {
  HeaviestRun gained;
  HeaviestRun lost;
  double before = 0;
  for (std::uint32_t i = 0; i < shares.slots.size(); ++i) {
    const double change = shares.current[i] - shares.reference[i];
    gained.extend(i, before, change);
    lost.extend(i, -before, -change);
    before = change;
  }
  // Where as much was gained as lost, name what is there now.
  const HeaviestRun& run = lost.best > gained.best + 1e-12 ? lost : gained;
  const auto share = [&](const std::vector<double>& cumulative) {
    return cumulative[run.last] - (run.first == 0 ? 0 : cumulative[run.first - 1]);
  };
  alarm.reference_share = share(shares.reference);
  alarm.current_share = share(shares.current);
  if (!has_values) return;
  const std::uint32_t first_slot = run.first == 0 ? 0 : shares.slots[run.first - 1] + 1;
  const ValueRange range = values_in(map, first_slot, shares.slots[run.last]);
  alarm.low = range.low;
  alarm.high = range.high;
}

const Histogram& counts_for(const ColumnProfile& column, EventKind kind) {
  if (const auto* numbers = std::get_if<Histogram>(&column.counts)) return *numbers;
  const auto& texts = std::get<Text>(column.counts);
  return kind == EventKind::kHashCut ? texts.buckets() : texts.lengths();
}

void set_place(const ColumnProfile& reference, const Event& event, Alarm& alarm) {
  if (event.kind == EventKind::kName) {
    alarm.name = std::get<Categories>(reference.counts).map().name(event.slot);
  } else if (event.kind == EventKind::kBelowRange || event.kind == EventKind::kAboveRange) {
    const CellMap& map = std::get<Histogram>(reference.counts).map();
    const bool is_below = event.kind == EventKind::kBelowRange;
    const ValueRange range = is_below ? values_in(map, 0, event.slot)
                                      : values_in(map, event.slot, plus_inf_slot(map.cells()));
    alarm.low = range.low;
    alarm.high = range.high;
  }
}

}  // namespace

void describe_change(const ColumnProfile& reference, const ColumnMonitor& monitor,
                     std::span<const std::uint64_t> current, double alpha, Alarm& alarm) {
  const Event event = monitor.strongest().event;
  const std::span<const std::uint64_t> then = monitor.reference_tallies();
  alarm.what = what_of(event.kind);
  if (is_cut(event.kind)) {
    const CellMap& map = counts_for(reference, event.kind).map();
    const Shares shares = shares_at_cuts(monitor, event.kind, plus_inf_slot(map.cells()), current);
    set_distance(shares, alarm);
    set_range(shares, map, event.kind != EventKind::kHashCut, alarm);
  } else {
    alarm.reference_share = share_of(then[event.hits], then[event.rows]);
    alarm.current_share = share_of(current[event.hits], current[event.rows]);
    alarm.distance = alarm.at_most = std::fabs(alarm.reference_share - alarm.current_share);
    set_place(reference, event, alarm);
  }
  const double error = share_error(then[event.rows], alpha) +
                       share_error(std::max<std::uint64_t>(1, current[event.rows]), alpha);
  const Known known = widened(alarm.distance, alarm.at_most, error);
  alarm.at_least = known.at_least;
  alarm.at_most = known.at_most;
}

}  // namespace kedge
