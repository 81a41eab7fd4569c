#include "kedge/drift/monitor.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/detector.h"
#include "kedge/evidence/fdr.h"

namespace kedge {
namespace {

constexpr double kLeastRate = 1e-100;  // far from what evidence is held at
constexpr std::uint32_t kMostGroup = 1u << 30;
constexpr std::size_t kMostQuestions = std::size_t{1} << 23;  // half a gigabyte

void check_options(const MonitorOptions& options) {
  if (!(options.min_effect >= 0 && options.min_effect < 1)) {
    throw invalid_argument("min_effect = ", options.min_effect, " is not from 0 to below 1");
  }
  if (!(options.false_alarms >= kLeastRate && std::isfinite(options.false_alarms))) {
    throw invalid_argument("false_alarms = ", options.false_alarms, " is not a rate from ",
                           kLeastRate);
  }
  if (!(options.fdr == 0 || (options.fdr >= kLeastRate && options.fdr < 1))) {
    throw invalid_argument("fdr = ", options.fdr, " is not between 0 and 1");
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw invalid_argument("confidence = ", options.confidence, " is not between 0 and 1");
  }
  if (options.group < 1 || options.group > kMostGroup) {
    throw invalid_argument("group = ", options.group, " is not from 1 to ", kMostGroup);
  }
}

std::size_t count_parts(const Profile& profile) {
  std::size_t parts = 0;
  for (const Slices& slices : profile.slices()) parts += slices.size();
  return parts;
}

std::size_t count_tallies(std::span<const WatchedColumn> watched) {
  return watched.empty() ? 0 : watched.back().first_tally + watched.back().monitor.tallies().size();
}

}  // namespace

Monitor::Monitor(const Profile& reference, const MonitorOptions& options)
    : reference_(reference), counted_(reference.like()), options_(options), history_(0) {
  check_options(options);
  watch(reference_);
  tallies_.resize(count_tallies(watched_));
  history_ = TallyHistory(tallies_.size());
  if (!options.clock.empty()) clock_.emplace(options.clock);
  if (options.window.length == 0) return;
  if (options.window.in_time && !options.clocked && !clock_) {
    throw invalid_argument("window: a time wants a clock, or a rate of false alarms in time");
  }
  window_.emplace(reference_, options.window);
}

void Monitor::watch(const Profile& reference) {
  const std::size_t columns = reference.columns().size();
  const std::size_t parts = count_parts(reference);
  const double halves = parts == 0 ? 1 : 2;
  const double alpha = (1 - options_.confidence) / static_cast<double>(columns * (1 + parts));
  watched_.reserve(columns * (1 + parts));
  std::size_t questions = 0;
  const auto add = [&](std::size_t slicing, std::size_t part, std::size_t of, std::size_t column,
                       const ColumnProfile& profile) {
    const double share = 1 / (halves * static_cast<double>(of * columns));
    watched_.push_back({slicing, part, column, log_of(share), count_tallies(watched_),
                        ColumnMonitor(profile, options_.min_effect, alpha, options_.group)});
    questions += watched_.back().monitor.questions().size();
    if (questions > kMostQuestions) {
      throw resource_exhausted("column \"", profile.name, "\": the monitor asks ", questions,
                               " questions with it, at most ", kMostQuestions, " are allowed");
    }
  };
  for (std::size_t i = 0; i < columns; ++i) {
    add(WatchedColumn::kAllRows, 0, 1, i, reference.columns()[i]);
  }
  for (std::size_t s = 0; s < reference.slices().size(); ++s) {
    const Slices& slices = reference.slices()[s];
    for (std::size_t part = 0; part < slices.size(); ++part) {
      for (std::size_t i = 0; i < columns; ++i) add(s, part, parts, i, slices.part(part)[i]);
    }
  }
}

void Monitor::check_elapsed(double elapsed) const {
  if (elapsed > 0 && std::isfinite(1 / elapsed) && std::isfinite(time() + elapsed)) return;
  throw invalid_argument("elapsed = ", elapsed, " is not a time above 0");
}

std::vector<Alarm> Monitor::update(std::span<const Batch> batches, double elapsed) {
  std::optional<EventClock> clock = clock_;
  if (clock) {
    const double seconds = clock->advance(batches);
    elapsed = options_.clocked ? seconds : 1;
  }
  check_elapsed(elapsed);
  if (batches.size() == 1 && !window_) {
    counted_.update(batches[0]);
    clock_ = std::move(clock);
    return look(elapsed);
  }
  Profile rows = reference_.like();
  for (const Batch& batch : batches) rows.update(batch);
  counted_.merge(rows);
  clock_ = std::move(clock);
  return take(rows, elapsed);
}

std::vector<Alarm> Monitor::update(const Profile& rows, double elapsed) {
  if (clock_) {
    throw invalid_argument("a profile has no event times, as \"", options_.clock,
                           "\" would say: update with rows");
  }
  check_elapsed(elapsed);
  counted_.merge(rows);
  return take(rows, elapsed);
}

std::vector<Alarm> Monitor::take(const Profile& rows, double elapsed) {
  const std::uint64_t before = looks();
  std::vector<Alarm> alarms = look(elapsed);
  if (window_ && looks() > before) {
    double now = static_cast<double>(before);
    if (options_.window.in_time) now = clock_ ? clock_->now() : time();
    window_->add(rows, now);
  }
  return alarms;
}

void Monitor::read_tallies() {
  for (const WatchedColumn& column : watched_) {
    column.monitor.tallies().read(
        column.of(counted_),
        std::span(tallies_).subspan(column.first_tally, column.monitor.tallies().size()));
  }
}

std::vector<Alarm> Monitor::look(double elapsed) {
  read_tallies();
  const TallyHistory::Moment& before = history_.newest();
  if (tallies_ == before.tallies) return {};
  const std::uint64_t look = before.look + 1;
  const double time = before.time + elapsed;
  const double inflow = options_.fdr > 0 ? never_false_inflow(look) : elapsed;
  for (WatchedColumn& column : watched_) {
    const std::size_t size = column.monitor.tallies().size();
    column.monitor.update(std::span(before.tallies).subspan(column.first_tally, size),
                          std::span(tallies_).subspan(column.first_tally, size), inflow,
                          static_cast<double>(look));
  }
  std::vector<Alarm> alarms;
  for (const std::size_t i : alarming()) {
    WatchedColumn& column = watched_[i];
    if (column.is_listed) continue;
    alarms.push_back(alarm_at(column, look));
  }
  history_.append(look, time, tallies_);
  return alarms;
}

Alarm Monitor::alarm_at(WatchedColumn& column, std::uint64_t look) {
  Alarm alarm = alarm_of(column, look);
  const std::uint64_t quiet = alarm.since - std::min(alarm.since, column.last_alarm + 1);
  const bool goes_on = column.last_alarm > 0 && quiet <= look - alarm.since + 1;
  if (!goes_on) column.episode = look;
  column.last_alarm = look;
  alarm.episode = column.episode;
  column.is_listed = options_.fdr > 0;
  if (!column.is_listed) column.monitor.restart();
  return alarm;
}

double Monitor::log_threshold(const WatchedColumn& column) const noexcept {
  // The first of a list is held to all that could be on it.
  if (options_.fdr > 0) return log_of(static_cast<double>(watched_.size())) - log_of(options_.fdr);
  return -log_of(options_.false_alarms) - column.log_share;
}

std::vector<std::size_t> Monitor::alarming() const {
  std::vector<double> log_evidence;
  std::vector<std::size_t> found;
  if (options_.fdr > 0) {
    log_evidence.reserve(watched_.size());
    for (const WatchedColumn& column : watched_) {
      log_evidence.push_back(column.monitor.log_evidence());
    }
    return e_benjamini_hochberg(log_evidence, options_.fdr);
  }
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i].monitor.log_evidence() >= log_threshold(watched_[i])) found.push_back(i);
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return watched_[a].monitor.log_evidence() > watched_[b].monitor.log_evidence();
  });
  return found;
}

Alarm Monitor::named(const WatchedColumn& column) const {
  Alarm alarm;
  alarm.column = reference_.columns()[column.column].name;
  if (column.slicing != WatchedColumn::kAllRows) {
    alarm.by = reference_.slices()[column.slicing].column();
    alarm.slice = reference_.slices()[column.slicing].name(column.part);
  }
  return alarm;
}

Alarm Monitor::alarm_of(const WatchedColumn& column, std::uint64_t look) const {
  constexpr double kBounds = 2;  // the sampling errors of the reference and of the rows
  Alarm alarm = named(column);
  const ColumnMonitor& monitor = column.monitor;
  alarm.log_evidence = monitor.log_evidence();
  alarm.update = look;
  const ColumnMonitor::Strongest strongest = monitor.strongest();
  const double since = std::floor(strongest.since + 0.5);
  alarm.since = static_cast<std::uint64_t>(std::clamp(since, 1.0, static_cast<double>(look)));
  const TallyHistory::Moment& change = history_.from(alarm.since - 1);
  std::vector<std::uint64_t> rows(monitor.tallies().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = tallies_[column.first_tally + i] - change.tallies[column.first_tally + i];
  }
  alarm.rows = rows[strongest.event.rows];
  describe_change(column.of(reference_), monitor, rows, (1 - options_.confidence) / kBounds, alarm);
  alarm.at_least = std::max(alarm.at_least, std::min(options_.min_effect, alarm.at_most));
  return alarm;
}

}  // namespace kedge
