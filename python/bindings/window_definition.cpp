#include "window_definition.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "kedge/base/error.h"
#include "stored.h"

namespace nb = nanobind;

namespace kedge {
namespace {

using Spans = std::vector<std::pair<std::int64_t, std::int64_t>>;

Duration duration_in(const nb::dict& arguments, const char* name) {
  if (!arguments.contains(name)) return {};
  try {
    return parse_duration(nb::cast<std::string>(arguments[name]));
  } catch (const Error& error) {
    throw Error(error.code(), text(name, ": ", error.what()));
  }
}

template <class Value>
Value value_in(const nb::dict& arguments, const char* name, Value otherwise) {
  if (!arguments.contains(name)) return otherwise;
  const nb::object value = arguments[name];
  Value out;
  if (nb::try_cast(value, out)) return out;
  throw invalid_argument(name, " = ", nb::cast<std::string>(nb::repr(value)), " does not fit");
}

UserSpec user_of(const nb::dict& arguments) {
  return {nb::cast<std::string>(arguments["code"]), nb::cast<std::uint64_t>(arguments["code_hash"]),
          nb::cast<std::vector<std::string>>(arguments["inputs"])};
}

void add_user(nb::dict& to, const UserSpec& user) {
  to["code"] = user.code;
  to["code_hash"] = user.hash;
  to["inputs"] = user.inputs;
}

AggregateSpec aggregate_of(const nb::dict& arguments) {
  AggregateSpec aggregate;
  aggregate.name = nb::cast<std::string>(arguments["name"]);
  const auto function = nb::cast<std::string>(arguments["function"]);
  const auto known = function_named(function);
  if (!known) throw invalid_argument("there is no aggregate \"", function, "\"");
  aggregate.function = *known;
  aggregate.input = value_in<std::string>(arguments, "input", "");
  aggregate.of = value_in<std::string>(arguments, "of", "");
  aggregate.where = value_in<std::string>(arguments, "where", "");
  aggregate.number = value_in<double>(arguments, "number", 0);
  aggregate.error = value_in<double>(arguments, "error", 0);
  aggregate.exact = value_in<bool>(arguments, "exact", false);
  aggregate.duration = duration_in(arguments, "duration");
  aggregate.bounds = value_in<std::vector<double>>(arguments, "bounds", {});
  if (arguments.contains("reference")) {
    aggregate.reference = as_text(bytes_of(nb::cast<nb::bytes>(arguments["reference"])));
  }
  if (aggregate.function == Function::kUser) aggregate.user = user_of(arguments);
  return aggregate;
}

nb::dict arguments_of(const AggregateSpec& aggregate) {
  nb::dict out;
  out["name"] = aggregate.name;
  out["function"] = function_name(aggregate.function);
  out["input"] = aggregate.input;
  out["of"] = aggregate.of;
  out["where"] = aggregate.where;
  out["number"] = aggregate.number;
  out["error"] = aggregate.error;
  out["exact"] = aggregate.exact;
  out["duration"] = to_string(aggregate.duration);
  out["bounds"] = aggregate.bounds;
  out["reference"] = python_bytes(as_bytes(aggregate.reference));
  if (aggregate.function == Function::kUser) add_user(out, aggregate.user);
  return out;
}

WindowKind kind_of(const nb::dict& arguments) {
  const auto name = nb::cast<std::string>(arguments["kind"]);
  const auto kind = kind_named(name);
  if (!kind) throw invalid_argument("there are no windows of kind \"", name, "\"");
  return *kind;
}

bool is_update(const nb::dict& arguments) {
  const auto mode = value_in<std::string>(arguments, "mode", "closed");
  if (mode == "closed" || mode == "update") return mode == "update";
  throw invalid_argument("mode = \"", mode, "\" is neither \"closed\" nor \"update\"");
}

Zone zone_of(const nb::dict& arguments) {
  Zone zone;
  if (!arguments.contains("zone")) return zone;
  zone.name = nb::cast<std::string>(arguments["zone"]);
  zone.spans.clear();
  for (const auto& [start, offset] : nb::cast<Spans>(arguments["zone_spans"])) {
    zone.spans.push_back({start, offset});
  }
  return zone;
}

Spans pairs_of(const Zone& zone) {
  Spans pairs;
  for (const Zone::Span& span : zone.spans) pairs.emplace_back(span.start, span.offset);
  return pairs;
}

nb::list columns_of(const WindowSpec& spec) {
  nb::list columns;
  for (const UserColumnSpec& column : spec.columns) {
    nb::dict one;
    one["name"] = column.name;
    add_user(one, column.user);
    columns.append(one);
  }
  return columns;
}

}  // namespace

WindowSpec window_spec_of(const nb::dict& arguments) {
  WindowSpec spec;
  spec.kind = kind_of(arguments);
  spec.time = value_in<std::string>(arguments, "time", "");
  spec.keys = nb::cast<std::vector<std::string>>(arguments["keys"]);
  spec.every = duration_in(arguments, "every");
  spec.length = duration_in(arguments, "length");
  spec.gap = duration_in(arguments, "gap");
  spec.lateness = duration_in(arguments, "lateness");
  spec.rows = value_in<std::uint64_t>(arguments, "rows", 0);
  spec.bounds = value_in<std::vector<std::int64_t>>(arguments, "bounds", {});
  if (arguments.contains("align_to")) {
    spec.align_to = nb::cast<std::int64_t>(arguments["align_to"]);
  }
  spec.zone = zone_of(arguments);
  spec.partitions = value_in<std::uint32_t>(arguments, "partitions", 1);
  if (arguments.contains("idle")) spec.idle = duration_in(arguments, "idle");
  spec.max_keys = value_in<std::uint64_t>(arguments, "max_keys", 0);
  spec.max_state_bytes = value_in<std::uint64_t>(arguments, "max_state_bytes", 0);
  spec.updates = is_update(arguments);
  spec.trigger = duration_in(arguments, "trigger");
  spec.expire = duration_in(arguments, "expire");
  spec.trigger_rows = value_in<std::uint64_t>(arguments, "trigger_rows", 0);
  for (const nb::handle aggregate : arguments["aggregates"]) {
    spec.aggregates.push_back(aggregate_of(nb::cast<nb::dict>(aggregate)));
  }
  if (arguments.contains("columns")) {
    for (const nb::handle column : arguments["columns"]) {
      const auto one = nb::cast<nb::dict>(column);
      spec.columns.push_back({nb::cast<std::string>(one["name"]), user_of(one)});
    }
  }
  spec.check();
  return spec;
}

nb::dict definition_of(const WindowSpec& spec) {
  nb::dict out;
  out["kind"] = kind_name(spec.kind);
  if (!spec.time.empty()) out["time"] = spec.time;
  out["keys"] = spec.keys;
  if (!spec.every.is_zero()) out["every"] = to_string(spec.every);
  if (!spec.length.is_zero()) out["length"] = to_string(spec.length);
  if (!spec.gap.is_zero()) out["gap"] = to_string(spec.gap);
  if (spec.rows != 0) out["rows"] = spec.rows;
  if (!spec.bounds.empty()) out["bounds"] = spec.bounds;
  out["lateness"] = to_string(spec.lateness);
  if (spec.align_to) out["align_to"] = *spec.align_to;
  if (spec.zone != Zone{}) {
    out["zone"] = spec.zone.name;
    out["zone_spans"] = pairs_of(spec.zone);
  }
  out["partitions"] = spec.partitions;
  if (spec.idle) out["idle"] = to_string(*spec.idle);
  if (spec.max_keys != 0) out["max_keys"] = spec.max_keys;
  if (spec.max_state_bytes != 0) out["max_state_bytes"] = spec.max_state_bytes;
  if (spec.updates) out["mode"] = "update";
  if (!spec.trigger.is_zero()) out["trigger"] = to_string(spec.trigger);
  if (!spec.expire.is_zero()) out["expire"] = to_string(spec.expire);
  if (spec.trigger_rows != 0) out["trigger_rows"] = spec.trigger_rows;
  nb::list aggregates;
  for (const AggregateSpec& aggregate : spec.aggregates) aggregates.append(arguments_of(aggregate));
  out["aggregates"] = aggregates;
  if (!spec.columns.empty()) out["columns"] = columns_of(spec);
  return out;
}

}  // namespace kedge
