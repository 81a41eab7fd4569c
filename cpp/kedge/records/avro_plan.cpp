#include "kedge/records/avro_plan.h"

#include <algorithm>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/records/field_paths.h"

namespace kedge::records {
namespace {

bool is_float(TypeId id) { return id == TypeId::kFloat32 || id == TypeId::kFloat64; }

// Whether values of the writer's type can be in the column: Avro's promotions, integers in any
// integer column that they fit in, times in any unit that holds them.
bool resolves(const AvroType& writer, TypeId column) {
  switch (writer.kind) {
    case AvroKind::kNull:
      return true;
    case AvroKind::kBoolean:
      return column == TypeId::kBool;
    case AvroKind::kInt:
      if (column == TypeId::kDate32) return writer.logical == AvroLogical::kDate;
      if (column == TypeId::kTimestamp && writer.logical == AvroLogical::kDate) return false;
      return is_integer(column) || is_float(column) || column == TypeId::kTimestamp;
    case AvroKind::kLong:
      return is_integer(column) || is_float(column) || column == TypeId::kTimestamp;
    case AvroKind::kFloat:
      return is_float(column);
    case AvroKind::kDouble:
      return column == TypeId::kFloat64;
    case AvroKind::kString:
      return is_string(column) || is_time(column);
    case AvroKind::kBytes:
    case AvroKind::kEnum:
      return is_string(column);
    default:
      return false;
  }
}

bool is_prefix(std::string_view path, const Schema& reader) {
  return std::ranges::any_of(reader, [&](const Field& field) {
    return path.empty() || (field.name.size() > path.size() && field.name.starts_with(path) &&
                            field.name[path.size()] == '.');
  });
}

}  // namespace

AvroPlan::AvroPlan(AvroSchema writer, const Schema& reader)
    : schema_(std::move(writer)), found_(reader.size(), false) {
  if (schema_.type(schema_.root()).kind != AvroKind::kRecord) {
    throw invalid_argument("Avro schema: a record is wanted, it is ",
                           avro_name(schema_.type(schema_.root()).kind));
  }
  const FieldPaths checked(reader);  // no column in another, no path too long
  root_ = add(schema_.root(), {}, reader);
  for (std::size_t i = 0; i < reader.size(); ++i) {
    if (!found_[i] && !reader[i].nullable) {
      throw invalid_argument("column \"", reader[i].name,
                             "\": it may not be null, and the writer has no such field");
    }
  }
}

std::uint32_t AvroPlan::add_part(Use use, std::uint32_t type) {
  Part& part = parts_.emplace_back();
  part.use = use;
  part.type = type;
  return static_cast<std::uint32_t>(parts_.size() - 1);
}

std::uint32_t AvroPlan::add(std::uint32_t type, const std::string& path, const Schema& reader) {
  const AvroType& writer = schema_.type(type);
  const auto column = std::ranges::find(reader, path, &Field::name);
  const bool is_column = column != reader.end() && !path.empty();
  if (!is_column && !is_prefix(path, reader)) return add_part(Use::kSkip, type);
  if (writer.kind == AvroKind::kUnion) {
    const std::uint32_t part = add_part(Use::kUnion, type);
    for (const std::uint32_t branch : writer.inside) {
      const std::uint32_t inside = add(branch, path, reader);
      parts_[part].inside.push_back(inside);
    }
    return part;
  }
  if (!is_column) {
    // Below a null there are nulls.
    if (writer.kind == AvroKind::kNull) return add_part(Use::kSkip, type);
    if (writer.kind != AvroKind::kRecord) {
      throw invalid_argument("field \"", path, "\": columns are asked of it, the writer has ",
                             avro_name(writer.kind));
    }
    const std::uint32_t part = add_part(Use::kRecord, type);
    add_fields(part, type, path, reader);
    return part;
  }
  if (writer.logical == AvroLogical::kDecimal) {
    throw unsupported("column \"", path, "\": the writer's decimals are not read");
  }
  if (!resolves(writer, column->type.id)) {
    throw invalid_argument("column \"", path, "\": ", type_name(column->type),
                           " is wanted, which the writer's ", avro_name(writer.kind), " is not");
  }
  const std::uint32_t part = add_part(Use::kColumn, type);
  parts_[part].column = static_cast<std::uint32_t>(column - reader.begin());
  found_[parts_[part].column] = true;
  return part;
}

void AvroPlan::add_fields(std::uint32_t part, std::uint32_t type, const std::string& path,
                          const Schema& reader) {
  const AvroType& record = schema_.type(type);
  for (std::size_t i = 0; i < record.names.size(); ++i) {
    const std::string name = path.empty() ? record.names[i] : text(path, '.', record.names[i]);
    const std::uint32_t inside = add(record.inside[i], name, reader);
    parts_[part].inside.push_back(inside);
  }
}

}  // namespace kedge::records
