#include "kedge/window/spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/base/hash.h"
#include "kedge/window/histogram_bounds.h"
#include "kedge/window/profile_piece.h"
#include "kedge/window/top_piece.h"

namespace kedge {
namespace {

constexpr std::uint32_t kVersion = 2;

constexpr std::array<std::string_view, 25> kFunctions = {
    "count",     "sum",      "mean",       "variance", "stddev", "skew",        "kurtosis",
    "min",       "max",      "first",      "last",     "argmin", "argmax",      "any",
    "all",       "distinct", "quantile",   "rate",     "delta",  "correlation", "ema",
    "histogram", "top",      "profile_of", "user",
};
constexpr std::array<std::string_view, 6> kKinds = {"global",  "time",  "bounds",
                                                    "session", "count", "sliding"};

void check_name(std::string_view name, std::set<std::string, std::less<>>& seen) {
  if (name.empty()) throw invalid_argument("aggregates: a name is empty");
  if (!seen.emplace(name).second) {
    throw invalid_argument("aggregates: a column \"", name, "\" comes out twice");
  }
}

void check_aggregate(const AggregateSpec& aggregate) {
  if (aggregate.function == Function::kUser) {
    return aggregate.user.check(text("aggregates[\"", aggregate.name, "\"]"));
  }
  const auto fail = [&](std::string_view what, double value, std::string_view bound) {
    throw invalid_argument("aggregates[\"", aggregate.name, "\"]: ", what, " = ", value, bound);
  };
  const auto needs_input = [](Function f) { return f != Function::kCount && f != Function::kRate; };
  if (aggregate.input.empty() && needs_input(aggregate.function)) {
    throw invalid_argument("aggregates[\"", aggregate.name,
                           "\"]: ", function_name(aggregate.function), " needs a column");
  }
  if (aggregate.function == Function::kCorrelation && aggregate.of.empty()) {
    throw invalid_argument("aggregates[\"", aggregate.name, "\"]: correlation needs two columns");
  }
  if (aggregate.function == Function::kQuantile) {
    if (!(aggregate.number >= 0 && aggregate.number <= 1)) {
      fail("q", aggregate.number, " is not between 0 and 1");
    }
    if (!aggregate.exact && !(aggregate.error >= 0.001 && aggregate.error <= 0.5)) {
      fail("error", aggregate.error, " is not between 0.001 and 0.5");
    }
  }
  if (aggregate.function == Function::kHistogram) {
    in_aggregate(aggregate, [&] { histogram_bounds(aggregate.number, aggregate.bounds); });
  }
  if (aggregate.function == Function::kProfile) {
    in_aggregate(aggregate, [&] { reference_column(aggregate.reference); });
  }
  if (aggregate.function == Function::kTop &&
      !(aggregate.number >= 1 && aggregate.number <= kMostTop &&
        aggregate.number == std::floor(aggregate.number))) {
    fail("k", aggregate.number, text(" is not a whole number between 1 and ", kMostTop));
  }
  const bool is_spread =
      aggregate.function == Function::kVariance || aggregate.function == Function::kStddev;
  if (is_spread && aggregate.number != 0 && aggregate.number != 1) {
    fail("ddof", aggregate.number, " is neither 0 nor 1");
  }
  const bool has_duration =
      aggregate.function == Function::kEma || aggregate.function == Function::kRate;
  if (has_duration && (aggregate.duration.is_zero() || aggregate.duration.months != 0)) {
    throw invalid_argument("aggregates[\"", aggregate.name, "\"]: \"",
                           to_string(aggregate.duration), "\" must be longer than nothing and",
                           " have no months");
  }
}

void check_expire(const WindowSpec& spec) {
  const bool by_rows = spec.kind == WindowKind::kCount || spec.kind == WindowKind::kGlobal ||
                       (spec.kind == WindowKind::kSliding && spec.rows != 0);
  if (spec.expire.is_zero() || by_rows) return;
  throw invalid_argument("expire: windows of kind ", kind_name(spec.kind),
                         " let go of a key when they close");
}

void check_updates(const WindowSpec& spec) {
  const bool has_trigger = !spec.trigger.is_zero() || spec.trigger_rows != 0;
  if (!spec.updates) {
    if (has_trigger) throw invalid_argument("trigger: only in mode \"update\"");
    return;
  }
  if (spec.kind == WindowKind::kCount || spec.kind == WindowKind::kSliding) {
    throw invalid_argument("mode \"update\": windows of kind ", kind_name(spec.kind),
                           " give each result once");
  }
  if (spec.kind == WindowKind::kGlobal && !has_trigger) {
    throw invalid_argument("mode \"update\": a global window needs a trigger");
  }
  if (spec.trigger_rows != 0 && spec.kind != WindowKind::kGlobal) {
    throw invalid_argument("trigger = ", spec.trigger_rows,
                           " rows: only of a global window, others take a duration");
  }
}

void write_aggregate(ByteWriter& out, const AggregateSpec& aggregate) {
  out.write_string(aggregate.name);
  out.write(static_cast<std::uint8_t>(aggregate.function));
  out.write_string(aggregate.input);
  out.write_string(aggregate.of);
  out.write_string(aggregate.where);
  out.write(aggregate.number);
  out.write(aggregate.error);
  out.write(static_cast<std::uint8_t>(aggregate.exact));
  write_duration(out, aggregate.duration);
  if (aggregate.function == Function::kHistogram) {
    out.write_varint(aggregate.bounds.size());
    for (const double bound : aggregate.bounds) out.write(bound);
  }
  if (aggregate.function == Function::kProfile) out.write_string(aggregate.reference);
  if (aggregate.function == Function::kUser) aggregate.user.write(out);
}

template <class Enum>
Enum read_enum(ByteReader& in, std::size_t count, std::string_view what) {
  const auto value = in.read<std::uint8_t>();
  if (value >= count) throw corrupt_data(in.section(), ": ", what, " ", int{value}, " is unknown");
  return static_cast<Enum>(value);
}

// A count of things of which each takes at least `least` bytes, so that it cannot claim more memory
// than the file has bytes.
std::size_t read_count(ByteReader& in, std::size_t least, std::string_view what) {
  const std::uint64_t count = in.read_varint();
  if (count > in.remaining() / least) {
    throw corrupt_data(in.section(), ": ", count, " ", what, " do not fit");
  }
  return static_cast<std::size_t>(count);
}

AggregateSpec read_aggregate(ByteReader& in) {
  AggregateSpec aggregate;
  aggregate.name = in.read_string();
  aggregate.function = read_enum<Function>(in, kFunctions.size(), "function");
  aggregate.input = in.read_string();
  aggregate.of = in.read_string();
  aggregate.where = in.read_string();
  aggregate.number = in.read<double>();
  aggregate.error = in.read<double>();
  aggregate.exact = read_enum<bool>(in, 2, "flag");
  aggregate.duration = read_duration(in);
  if (aggregate.function == Function::kUser) aggregate.user = UserSpec::read(in);
  if (aggregate.function == Function::kHistogram) {
    aggregate.bounds.resize(read_count(in, sizeof(double), "bounds"));
    for (double& bound : aggregate.bounds) bound = in.read<double>();
  }
  if (aggregate.function == Function::kProfile) aggregate.reference = in.read_string();
  return aggregate;
}

template <class Enum, std::size_t kCount>
std::optional<Enum> value_named(const std::array<std::string_view, kCount>& names,
                                std::string_view name) noexcept {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::string bounds_text(const AggregateSpec& histogram) {
  const std::string bounds = joined_bounds(histogram.bounds);
  if (histogram.number == 0) return text("bounds=[", bounds, "]");
  return text("bins=", histogram.number, ", range=(", bounds, ")");
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::string_view kind_name(WindowKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<WindowKind> kind_named(std::string_view name) noexcept {
  return value_named<WindowKind>(kKinds, name);
}

std::string_view function_name(Function function) noexcept {
  return kFunctions[static_cast<std::size_t>(function)];
}

std::optional<Function> function_named(std::string_view name) noexcept {
  return value_named<Function>(kFunctions, name);
}

std::string to_string(const AggregateSpec& aggregate) {
  if (aggregate.function == Function::kUser) return aggregate.user.text_with(aggregate.where);
  std::string out = text(function_name(aggregate.function), "(");
  const char* separator = "";
  const auto add = [&](const auto&... parts) {
    out += text(separator, parts...);
    separator = ", ";
  };
  if (!aggregate.input.empty()) add('"', aggregate.input, '"');
  if (aggregate.function == Function::kQuantile) add(aggregate.number);
  if (!aggregate.of.empty()) add("of=\"", aggregate.of, '"');
  if (!aggregate.where.empty()) add("where=\"", aggregate.where, '"');
  if (aggregate.exact) add("exact=True");
  if (aggregate.function == Function::kQuantile && !aggregate.exact) add("error=", aggregate.error);
  if (aggregate.function == Function::kVariance || aggregate.function == Function::kStddev) {
    add("ddof=", aggregate.number);
  }
  if (aggregate.function == Function::kHistogram) add(bounds_text(aggregate));
  if (aggregate.function == Function::kProfile) {
    add("like=the profile ", hash_bytes(aggregate.reference));
  }
  if (aggregate.function == Function::kTop) add("k=", aggregate.number);
  if (aggregate.function == Function::kRate) add("per=\"", to_string(aggregate.duration), '"');
  if (aggregate.function == Function::kEma) add("halflife=\"", to_string(aggregate.duration), '"');
  return out + ")";
}

void WindowSpec::check() const {
  const bool needs_time = kind != WindowKind::kGlobal && rows == 0;
  if (needs_time && time.empty()) {
    throw invalid_argument("time: windows of this kind need a time column");
  }
  if (kind == WindowKind::kTime && (every.is_zero() || length.is_zero())) {
    throw invalid_argument("every and length: must be longer than nothing");
  }
  if (kind == WindowKind::kSession && gap.is_zero()) {
    throw invalid_argument("gap: must be longer than nothing");
  }
  if (kind == WindowKind::kSliding && rows == 0 && length.is_zero()) {
    throw invalid_argument("length: must be longer than nothing");
  }
  if (kind == WindowKind::kCount && rows == 0) throw invalid_argument("every: 0 rows");
  if (kind == WindowKind::kBounds) {
    if (bounds.size() < 2) throw invalid_argument("bounds: fewer than two");
    for (std::size_t i = 1; i < bounds.size(); ++i) {
      if (bounds[i] <= bounds[i - 1]) {
        throw invalid_argument("bounds must rise: bounds[", i, "] = ", bounds[i],
                               " does not exceed ", bounds[i - 1]);
      }
    }
  }
  zone.check();
  if (partitions == 0 || partitions > 65'536) {
    throw invalid_argument("partitions = ", partitions, " is not between 1 and 65536");
  }
  check_user_columns(columns);
  if (aggregates.empty()) throw invalid_argument("aggregates: none");
  check_expire(*this);
  check_updates(*this);
  std::set<std::string, std::less<>> seen{"window_start", "window_end", "window_id"};
  if (updates) seen.insert({"window_revision", "window_update"});
  for (const std::string& key : keys) check_name(key, seen);
  for (const AggregateSpec& aggregate : aggregates) {
    check_name(aggregate.name, seen);
    check_aggregate(aggregate);
  }
}

std::vector<std::byte> WindowSpec::to_bytes() const {
  ByteWriter out;
  out.write(static_cast<std::uint8_t>(kind));
  out.write_string(time);
  out.write_varint(keys.size());
  for (const std::string& key : keys) out.write_string(key);
  for (const Duration& duration : {every, length, gap, lateness}) write_duration(out, duration);
  out.write(rows);
  out.write_varint(bounds.size());
  for (const std::int64_t bound : bounds) out.write(bound);
  out.write(static_cast<std::uint8_t>(align_to.has_value()));
  if (align_to) out.write(*align_to);
  out.write_string(zone.name);
  out.write_varint(zone.spans.size());
  for (const Zone::Span& span : zone.spans) {
    out.write(span.start);
    out.write(span.offset);
  }
  out.write(partitions);
  out.write(static_cast<std::uint8_t>(idle.has_value()));
  if (idle) write_duration(out, *idle);
  out.write(max_keys);
  out.write(max_state_bytes);
  out.write(static_cast<std::uint8_t>(updates));
  write_duration(out, trigger);
  out.write(trigger_rows);
  write_duration(out, expire);
  out.write_varint(aggregates.size());
  for (const AggregateSpec& aggregate : aggregates) write_aggregate(out, aggregate);
  write_user_columns(columns, out);
  return seal_frame("WDEF", kVersion, out.view());
}

WindowSpec WindowSpec::read(ByteReader& frames) {
  const Frame frame = open_frame(frames, "WDEF", kVersion);
  ByteReader in(frame.payload, "window definition");
  WindowSpec spec;
  spec.kind = read_enum<WindowKind>(in, kKinds.size(), "kind");
  spec.time = in.read_string();
  spec.keys.resize(read_count(in, 1, "keys"));
  for (std::string& key : spec.keys) key = in.read_string();
  for (Duration* duration : {&spec.every, &spec.length, &spec.gap, &spec.lateness}) {
    *duration = read_duration(in);
  }
  spec.rows = in.read<std::uint64_t>();
  spec.bounds.resize(read_count(in, sizeof(std::int64_t), "bounds"));
  for (std::int64_t& bound : spec.bounds) bound = in.read<std::int64_t>();
  if (read_enum<bool>(in, 2, "flag")) spec.align_to = in.read<std::int64_t>();
  spec.zone.name = in.read_string();
  spec.zone.spans.resize(read_count(in, sizeof(Zone::Span), "zone spans"));
  for (Zone::Span& span : spec.zone.spans) {
    span.start = in.read<std::int64_t>();
    span.offset = in.read<std::int64_t>();
  }
  spec.partitions = in.read<std::uint32_t>();
  if (read_enum<bool>(in, 2, "flag")) spec.idle = read_duration(in);
  spec.max_keys = in.read<std::uint64_t>();
  spec.max_state_bytes = in.read<std::uint64_t>();
  spec.updates = read_enum<bool>(in, 2, "flag");
  spec.trigger = read_duration(in);
  spec.trigger_rows = in.read<std::uint64_t>();
  spec.expire = read_duration(in);
  spec.aggregates.resize(read_count(in, 1, "aggregates"));
  for (AggregateSpec& aggregate : spec.aggregates) aggregate = read_aggregate(in);
  spec.columns = read_user_columns(in);
  in.expect_end();
  try {
    spec.check();
  } catch (const Error& error) {
    throw corrupt_data("window definition: ", error.what());
  }
  return spec;
}

std::uint64_t WindowSpec::hash() const {
  return hash_bytes(std::span<const std::byte>(to_bytes()));
}

std::vector<std::pair<std::string, std::string>> WindowSpec::lines() const {
  std::vector<std::pair<std::string, std::string>> out = {
      {"windows", std::string(kind_name(kind))},
      {"time", time},
      {"key", joined(keys)},
      {"every", kind == WindowKind::kCount ? text(rows) : to_string(every)},
      {"length", kind == WindowKind::kSliding && rows != 0 ? text(rows) : to_string(length)},
      {"gap", to_string(gap)},
      {"lateness", to_string(lateness)},
      {"align_to", align_to ? text(*align_to) : "none"},
      {"time_zone", zone.name},
      {"partitions", text(partitions)},
      {"idle", idle ? to_string(*idle) : "never"},
      {"expire", expire.is_zero() ? "never" : to_string(expire)},
      {"max_keys", text(max_keys)},
      {"max_state_bytes", text(max_state_bytes)},
      {"mode", updates ? "update" : "closed"},
      {"trigger", trigger_rows != 0 ? text(trigger_rows) : to_string(trigger)},
  };
  std::string times;
  for (const std::int64_t bound : bounds) times += text(times.empty() ? "" : ", ", bound);
  if (!times.empty()) out.emplace_back("bounds", times);
  for (const UserColumnSpec& column : columns) {
    out.emplace_back(text("column \"", column.name, "\""), column.user.text_with(""));
  }
  for (const AggregateSpec& aggregate : aggregates) {
    out.emplace_back(text("aggregates[\"", aggregate.name, "\"]"), to_string(aggregate));
  }
  return out;
}

std::string difference_of(const WindowSpec& mine, const WindowSpec& other) {
  const auto of = mine.lines(), from = other.lines();
  std::string out;
  const auto value_in = [](const auto& lines, const std::string& name) {
    const auto found = std::ranges::find(lines, name, [](const auto& line) { return line.first; });
    return found == lines.end() ? std::string("absent") : found->second;
  };
  for (const auto& [name, value] : of) {
    const std::string theirs = value_in(from, name);
    if (theirs != value) out += text(out.empty() ? "" : "; ", name, ": ", value, ", not ", theirs);
  }
  for (const auto& [name, value] : from) {
    if (value_in(of, name) == "absent") {
      out += text(out.empty() ? "" : "; ", name, ": absent, not ", value);
    }
  }
  return out;
}

}  // namespace kedge
