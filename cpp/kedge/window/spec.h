// A definition of windows: what a user writes, checked, with a stored form and a name of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/window/duration.h"
#include "kedge/window/user_spec.h"
#include "kedge/window/zone.h"

namespace kedge {

enum class WindowKind : std::uint8_t {
  kGlobal,   // one window of all rows
  kTime,     // `length` of time, one begins each `every`
  kBounds,   // from each of `bounds` to the next
  kSession,  // rows of a key that follow each other within `gap`
  kCount,    // each `rows` rows of a key
  kSliding,  // for each row the last `length` of time, or the last `rows` rows, of its key
};
std::string_view kind_name(WindowKind kind) noexcept;
std::optional<WindowKind> kind_named(std::string_view name) noexcept;

enum class Function : std::uint8_t {
  kCount,
  kSum,
  kMean,
  kVariance,
  kStddev,
  kSkew,
  kKurtosis,
  kMin,
  kMax,
  kFirst,
  kLast,
  kArgMin,
  kArgMax,
  kAny,
  kAll,
  kDistinct,
  kQuantile,
  kRate,
  kDelta,
  kCorrelation,
  kEma,
  kHistogram,
  kTop,
  kProfile,
  kUser,
};
std::string_view function_name(Function function) noexcept;
std::optional<Function> function_named(std::string_view name) noexcept;

struct AggregateSpec {
  std::string name;  // of the column that comes out
  Function function = Function::kCount;
  std::string input;  // a column, or an expression over columns; none for counting rows
  std::string of;     // the second input of argmin, argmax and correlation
  std::string where;  // rows for which this expression is true; all when empty
  double number = 0;  // quantile's share; ddof of variance and stddev; histogram's bins; top's k
  double error = 0;   // quantile's bound
  bool exact = false;
  Duration duration;           // ema's half-life, rate's unit
  std::vector<double> bounds;  // histogram's cells; with bins the range that they part evenly
  std::string reference;       // profile's: a stored Profile of one column
  UserSpec user;               // of kUser, which has no input

  friend bool operator==(const AggregateSpec&, const AggregateSpec&) = default;
};
// As a user would write it: quantile("amount", 0.99, error=0.01).
std::string to_string(const AggregateSpec& aggregate);

// Errors come out with the aggregate's name before them.
template <class Run>
auto in_aggregate(const AggregateSpec& aggregate, const Run& run) {
  try {
    return run();
  } catch (const Error& error) {
    throw Error(error.code(), text("aggregates[\"", aggregate.name, "\"]: ", error.what()));
  }
}

struct WindowSpec {
  WindowKind kind = WindowKind::kGlobal;
  std::string time;  // may be empty for kCount and kGlobal
  std::vector<std::string> keys;
  Duration every;
  Duration length;
  Duration gap;
  std::uint64_t rows = 0;
  std::vector<std::int64_t> bounds;      // in nanoseconds since 1970
  std::optional<std::int64_t> align_to;  // likewise
  Zone zone;
  Duration lateness;
  std::uint32_t partitions = 1;
  std::optional<Duration> idle;
  bool updates = false;               // results so far come out before they are final
  Duration trigger;                   // how often, also those of windows that are still filling
  std::uint64_t trigger_rows = 0;     // of kGlobal: the same in rows of the stream
  Duration expire;                    // keys without a row for so long are forgotten
  std::uint64_t max_keys = 0;         // 0: no limit
  std::uint64_t max_state_bytes = 0;  // likewise
  std::vector<AggregateSpec> aggregates;
  std::vector<UserColumnSpec> columns;  // each may read those before it

  // Throws InvalidArgument that names the argument, the value and the bound.
  void check() const;

  // docs/formats.md, "Window definition". read checks what it reads.
  std::vector<std::byte> to_bytes() const;
  static WindowSpec read(ByteReader& in);
  // Equal for equal definitions, whatever the machine.
  std::uint64_t hash() const;

  // Argument and value, for people and for difference_of.
  std::vector<std::pair<std::string, std::string>> lines() const;

  friend bool operator==(const WindowSpec&, const WindowSpec&) = default;
};

// One line for each argument that differs, "lateness: 5s, not 10s"; empty when none does.
std::string difference_of(const WindowSpec& mine, const WindowSpec& other);

}  // namespace kedge
