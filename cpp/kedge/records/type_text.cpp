#include "kedge/records/type_text.h"

#include <array>

#include "kedge/base/error.h"

namespace kedge::records {
namespace {

constexpr std::string_view kNotNull = " not null";
constexpr std::string_view kTimestamp = "timestamp[";
constexpr std::array<std::string_view, 4> kUnits = {"s", "ms", "us", "ns"};

bool read_timestamp(std::string_view text, Type& type) {
  if (!text.starts_with(kTimestamp) || !text.ends_with(']')) return false;
  text.remove_prefix(kTimestamp.size());
  text.remove_suffix(1);
  const std::size_t comma = text.find(", ");
  if (comma != std::string_view::npos) type.timezone = text.substr(comma + 2);
  type.id = TypeId::kTimestamp;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i] != text.substr(0, comma)) continue;
    type.unit = static_cast<TimeUnit>(i);
    return true;
  }
  return false;
}

bool read_type(std::string_view text, Type& type) {
  if (text == "string") text = "utf8";
  for (int id = 0; id < static_cast<int>(TypeId::kStruct); ++id) {
    type.id = static_cast<TypeId>(id);
    if (type.id != TypeId::kTimestamp && type_name(type) == text) return true;
  }
  return read_timestamp(text, type);
}

}  // namespace

Field field_of_text(std::string name, std::string_view type) {
  Field field;
  std::string_view text = type;
  field.nullable = !text.ends_with(kNotNull);
  if (!field.nullable) text.remove_suffix(kNotNull.size());
  if (!read_type(text, field.type)) {
    throw invalid_argument("column \"", name, "\": \"", type, "\" is no type of columns, such as ",
                           "float64, int32, utf8, timestamp[us] or \"bool not null\"");
  }
  field.name = std::move(name);
  return field;
}

}  // namespace kedge::records
