#include "kedge/drift/event_clock.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kedge/arrow/check.h"
#include "kedge/arrow/flatten.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kLeastStep = 1e-9;

// The least and the greatest time of some rows.
struct Span {
  std::int64_t earliest;
  std::int64_t latest;
};

void widen(const Column& column, std::optional<Span>& span) {
  std::vector<std::int64_t> times(column.length);
  read_integers(column, 0, column.length, times.data());
  for (std::size_t row = 0; row < column.length; ++row) {
    if (column.is_null(row)) continue;
    const std::int64_t time = times[row];
    if (!span) span = Span{time, time};
    span->earliest = std::min(span->earliest, time);
    span->latest = std::max(span->latest, time);
  }
}

}  // namespace

EventClock::Tick EventClock::tick_of(const Field& field) {
  const Type& type = field.type;
  if (!type.dictionary) {
    if (type.id == TypeId::kTimestamp) return static_cast<Tick>(type.unit);
    if (type.id == TypeId::kDate32) return Tick::kDay;
    if (type.id == TypeId::kDate64) return Tick::kMilli;
  }
  throw unsupported("clock: column \"", field.name, "\" has no times of events but ",
                    type_name(type));
}

double EventClock::seconds_of(double ticks, Tick tick) noexcept {
  constexpr std::array<double, 4> kPerSecond = {1, 1e3, 1e6, 1e9};
  constexpr double kSecondsOfDay = 86'400;
  if (tick == Tick::kDay) return ticks * kSecondsOfDay;
  return ticks / kPerSecond[static_cast<std::size_t>(tick)];
}

double EventClock::advance(std::span<const Batch> batches) {
  std::optional<Span> span;
  Seen next = seen_.value_or(Seen{});
  for (const Batch& batch : batches) {
    const Batch flat = flatten(batch);
    const std::size_t i = find_column(*flat.schema, column_);
    const Tick tick = tick_of(flat.field(i));
    if ((seen_ || span) && tick != next.tick) {
      throw invalid_argument("clock: column \"", column_, "\" has another unit than before");
    }
    next.tick = tick;
    in_column(column_, [&] { check_column(flat.columns[i]); });
    widen(flat.columns[i], span);
  }
  if (!seen_ && !span) {
    throw invalid_argument("clock: column \"", column_, "\" begins without a time");
  }
  const std::int64_t before = seen_ ? seen_->latest : span->earliest;
  next.latest = span ? std::max(span->latest, before) : before;
  // Times may be of any size, so that their difference is taken without a sign.
  const std::uint64_t passed =
      static_cast<std::uint64_t>(next.latest) - static_cast<std::uint64_t>(before);
  seen_ = next;
  return std::max(seconds_of(static_cast<double>(passed), next.tick), kLeastStep);
}

double EventClock::now() const noexcept {
  return seen_ ? seconds_of(static_cast<double>(seen_->latest), seen_->tick) : 0;
}

void EventClock::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(seen_ ? 1 : 0));
  if (!seen_) return;
  out.write(static_cast<std::uint8_t>(seen_->tick));
  out.write(seen_->latest);
}

EventClock EventClock::read(ByteReader& in, std::string column) {
  EventClock clock(std::move(column));
  const auto seen = in.read<std::uint8_t>();
  if (seen > 1) throw corrupt_data(in.section(), ": ", seen, " is neither 0 nor 1");
  if (seen == 0) return clock;
  const auto tick = in.read<std::uint8_t>();
  if (tick > static_cast<std::uint8_t>(Tick::kDay)) {
    throw corrupt_data(in.section(), ": ", tick, " is no unit of time");
  }
  clock.seen_ = Seen{static_cast<Tick>(tick), in.read<std::int64_t>()};
  return clock;
}

}  // namespace kedge
