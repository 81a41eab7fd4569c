#include "kedge/window/toml_aggregate.h"

#include <algorithm>
#include <span>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/sketch/profile.h"

namespace kedge {
namespace {

using Keys = std::span<const std::string_view>;

// What each function's table may hold, those it must hold first.
struct Shape {
  Function function;
  std::size_t needed;
  std::vector<std::string_view> keys;
};

const Shape& shape_of(Function function) {
  static const std::vector<Shape> kShapes = {
      {Function::kCount, 0, {"column", "where"}},
      {Function::kVariance, 1, {"column", "ddof", "where"}},
      {Function::kStddev, 1, {"column", "ddof", "where"}},
      {Function::kArgMin, 1, {"column", "of", "where"}},
      {Function::kArgMax, 1, {"column", "of", "where"}},
      {Function::kDistinct, 1, {"column", "exact", "where"}},
      {Function::kQuantile, 2, {"column", "q", "error", "exact", "where"}},
      {Function::kRate, 0, {"column", "per", "where"}},
      {Function::kCorrelation, 1, {"columns", "where"}},
      {Function::kEma, 2, {"column", "halflife", "where"}},
      {Function::kHistogram, 1, {"column", "bounds", "bins", "range", "where"}},
      {Function::kTop, 2, {"column", "k", "where"}},
      {Function::kProfile, 2, {"column", "like", "name", "where"}},
  };
  static const Shape kPlain{Function::kSum, 1, {"column", "where"}};
  const auto found = std::ranges::find(kShapes, function, &Shape::function);
  return found == kShapes.end() ? kPlain : *found;
}

void check_keys(const Value& table, const Shape& shape) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::string_view name = table.name(i);
    if (name == "function" || std::ranges::count(shape.keys, name) != 0) continue;
    table.refuse(function_name(shape.function), " has no \"", name, '"');
  }
  for (const std::string_view name : Keys(shape.keys).first(shape.needed)) {
    if (!table.find(name)) table.refuse(function_name(shape.function), " needs ", name);
  }
}

std::string text_at(const Value& table, std::string_view name) {
  const auto found = table.find(name);
  if (found && found->is_object()) {
    throw unsupported(found->path(), ": a column of a user's code runs in Python only");
  }
  return found ? std::string(found->text()) : std::string();
}

double count_at(const Value& table, std::string_view name, std::int64_t otherwise) {
  const auto found = table.find(name);
  if (!found) return static_cast<double>(otherwise);
  const std::int64_t count = found->integer();
  if (name != "ddof" && count < 1) found->refuse(count, " is not above 0");
  return static_cast<double>(count);
}

std::string reference_at(const Value& table, const std::string& column, std::string_view folder) {
  const std::string path = text_at(table, "like");
  const std::string name = text_at(table, "name");
  if (path.starts_with("base64:")) {
    throw unsupported(table.at("like").path(),
                      ": a profile in base64 is read in Python only; "
                      "give the path of a stored one");
  }
  const MappedFile file = read_file(path.starts_with('/') ? path : text(folder, '/', path));
  const std::string wanted = name.empty() ? column : name;
  const Profile profile = Profile::from_bytes(file.bytes).select({&wanted, 1});
  return std::string(as_text(profile.to_bytes()));
}

void read_histogram(const Value& table, AggregateSpec& out) {
  const auto bounds = table.find("bounds"), bins = table.find("bins"), range = table.find("range");
  if (bounds.has_value() == bins.has_value() || bins.has_value() != range.has_value()) {
    table.refuse("histogram needs either bounds, or bins and range");
  }
  out.bounds = (bounds ? bounds : range)->numbers();
  if (range && out.bounds.size() != 2) range->refuse("expected a list of two numbers");
  if (bins) out.number = count_at(table, "bins", 0);
}

// What a function has beside its column and condition.
void read_own(const Value& table, std::string_view folder, AggregateSpec& out) {
  const auto number = [&](std::string_view name, double otherwise) {
    const auto found = table.find(name);
    return found ? found->number() : otherwise;
  };
  const auto duration = [&](std::string_view name, std::string_view otherwise) {
    const auto found = table.find(name);
    return parse_duration(found ? found->text() : otherwise);
  };
  const auto exact = table.find("exact");
  out.exact = exact && exact->boolean();
  switch (out.function) {
    case Function::kVariance:
    case Function::kStddev:
      out.number = count_at(table, "ddof", 1);
      break;
    case Function::kQuantile:
      out.number = number("q", 0);
      out.error = number("error", 0.01);
      break;
    case Function::kRate:
      out.duration = duration("per", "1s");
      break;
    case Function::kEma:
      out.duration = duration("halflife", "");
      break;
    case Function::kHistogram:
      read_histogram(table, out);
      break;
    case Function::kTop:
      out.number = count_at(table, "k", 0);
      break;
    case Function::kProfile:
      out.reference = reference_at(table, out.input, folder);
      break;
    default:
      break;
  }
}

void read_columns(const Value& table, AggregateSpec& out) {
  out.where = text_at(table, "where");
  if (out.function != Function::kCorrelation) {
    out.input = text_at(table, "column");
    out.of = text_at(table, "of");
    return;
  }
  const Value columns = table.at("columns");
  if (columns.size() != 2) columns.refuse("expected a list of two strings");
  out.input = columns[0].text();
  out.of = columns[1].text();
}

}  // namespace

AggregateSpec aggregate_of(std::string_view name, const Value& table, std::string_view folder) {
  if (!table.is_object()) table.refuse("expected a table such as { function = \"count\" }");
  AggregateSpec out;
  out.name = name;
  const Value wanted = table.at("function");
  const auto function = function_named(wanted.text());
  if (wanted.text() == "user") {
    throw unsupported(table.path(), ": the code of a user's aggregate runs in Python only");
  }
  if (!function) wanted.refuse("there is no aggregate \"", wanted.text(), '"');
  out.function = *function;
  check_keys(table, shape_of(*function));
  try {
    read_columns(table, out);
    read_own(table, folder, out);
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(table.path())) throw;
    throw Error(error.code(), text(table.path(), ": ", error.what()));
  }
  return out;
}

}  // namespace kedge
