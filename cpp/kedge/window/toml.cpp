#include "kedge/window/toml.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/expr/literal.h"
#include "kedge/window/toml_aggregate.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 17> kKeys = {
    "time",     "key",      "every",     "length",          "gap",       "bounds",
    "lateness", "align_to", "time_zone", "partitions",      "idle",      "expire",
    "mode",     "trigger",  "max_keys",  "max_state_bytes", "aggregates"};

class WindowReader {
 public:
  explicit WindowReader(const Value& table) : table_(table) {}

  WindowSpec read(std::string_view folder) {
    check_keys();
    if (const auto time = find("time")) spec_.time = time->text();
    read_keys();
    read_kind();
    spec_.lateness = duration("lateness");
    spec_.expire = duration("expire");
    if (find("idle")) spec_.idle = duration("idle");
    if (const auto time = find("align_to")) spec_.align_to = time_in(*time);
    read_zone();
    spec_.partitions = static_cast<std::uint32_t>(
        count("partitions", 1, std::numeric_limits<std::uint32_t>::max()));
    spec_.max_keys = count("max_keys", 0);
    spec_.max_state_bytes = count("max_state_bytes", 0);
    read_updates();
    const Value aggregates = table_.at("aggregates");
    if (!aggregates.is_object()) aggregates.refuse("expected a table");
    for (std::size_t i = 0; i < aggregates.size(); ++i) {
      spec_.aggregates.push_back(aggregate_of(aggregates.name(i), aggregates[i], folder));
    }
    spec_.check();
    return std::move(spec_);
  }

 private:
  std::optional<Value> find(std::string_view name) const { return table_.find(name); }

  void check_keys() const {
    if (!table_.is_object()) table_.refuse("expected a table");
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (std::ranges::count(kKeys, table_.name(i)) != 0) continue;
      table_.refuse("there is no \"", table_.name(i), '"');
    }
  }
  Duration duration(std::string_view name) const {
    const auto found = find(name);
    if (!found) return {};
    try {
      return parse_duration(found->text());
    } catch (const Error& error) {
      if (!found->is_text()) throw;
      found->refuse(error.what());
    }
  }
  std::uint64_t count(std::string_view name, std::uint64_t otherwise,
                      std::uint64_t most = INT64_MAX) const {
    const auto found = find(name);
    if (!found) return otherwise;
    const std::int64_t number = found->integer();
    if (number <= 0 || static_cast<std::uint64_t>(number) > most) {
      found->refuse(number, " is not from 1 to ", most);
    }
    return static_cast<std::uint64_t>(number);
  }
  static std::int64_t time_in(const Value& value) {
    const auto instant = expr::parse_timestamp(value.text());
    if (!instant) value.refuse('"', value.text(), "\" is no time such as 2024-01-01T00:00:00");
    const std::int64_t each = expr::ticks_per(instant->tick, expr::Tick::kNano);
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / each;
    if (instant->ticks > most || instant->ticks < -most) value.refuse("too far for nanoseconds");
    return instant->ticks * each;
  }
  void read_keys() {
    const auto key = find("key");
    if (!key) return;
    if (key->is_text()) {
      spec_.keys.emplace_back(key->text());
      return;
    }
    for (std::size_t i = 0; i < key->size(); ++i) spec_.keys.emplace_back((*key)[i].text());
  }
  void read_zone() const {
    const auto zone = find("time_zone");
    if (!zone || zone->text() == "UTC") return;
    throw unsupported(zone->path(), " = \"", zone->text(), "\": only UTC is known here");
  }
  void read_updates() {
    const auto mode = find("mode");
    if (mode && mode->text() != "closed" && mode->text() != "update") {
      mode->refuse('"', mode->text(), "\" is neither \"closed\" nor \"update\"");
    }
    spec_.updates = mode && mode->text() == "update";
    const auto trigger = find("trigger");
    if (trigger && trigger->is_integer()) {
      spec_.trigger_rows = count("trigger", 0);
    } else {
      spec_.trigger = duration("trigger");
    }
  }
  // Which windows: by what is given.
  void read_kind() {
    const auto every = find("every"), length = find("length"), gap = find("gap"),
               bounds = find("bounds");
    if ((every ? 1 : 0) + (gap ? 1 : 0) + (bounds ? 1 : 0) > 1 || (length && (gap || bounds))) {
      table_.refuse("only one of every, gap and bounds can be given, and length with every only");
    }
    if (gap) {
      spec_.kind = WindowKind::kSession;
      spec_.gap = duration("gap");
    } else if (bounds) {
      spec_.kind = WindowKind::kBounds;
      for (std::size_t i = 0; i < bounds->size(); ++i) {
        spec_.bounds.push_back(time_in((*bounds)[i]));
      }
    } else if (every) {
      read_every(*every, length);
    } else if (length) {
      spec_.kind = WindowKind::kSliding;
      if (length->is_integer()) {
        spec_.rows = count("length", 0);
      } else {
        spec_.length = duration("length");
      }
    }
  }
  void read_every(const Value& every, const std::optional<Value>& length) {
    if (every.is_integer()) {
      if (length) length->refuse("every counts rows");
      spec_.kind = WindowKind::kCount;
      spec_.rows = count("every", 0);
      return;
    }
    if (length && length->is_integer()) length->refuse("it counts rows, every does not");
    spec_.kind = WindowKind::kTime;
    spec_.every = duration("every");
    spec_.length = length ? duration("length") : spec_.every;
  }

  const Value& table_;
  WindowSpec spec_;
};

}  // namespace

WindowSpec window_of(const Value& table, std::string_view folder) {
  return WindowReader(table).read(folder);
}

}  // namespace kedge
