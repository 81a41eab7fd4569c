#include "kedge/arrow/type.h"

#include <array>

#include "kedge/base/error.h"

namespace kedge {
namespace {

struct TypeRow {
  TypeId id;
  std::string_view format;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<TypeRow, 22> kTypes = {{
    {TypeId::kBool, "b", "bool", 0},
    {TypeId::kInt8, "c", "int8", 1},
    {TypeId::kInt16, "s", "int16", 2},
    {TypeId::kInt32, "i", "int32", 4},
    {TypeId::kInt64, "l", "int64", 8},
    {TypeId::kUint8, "C", "uint8", 1},
    {TypeId::kUint16, "S", "uint16", 2},
    {TypeId::kUint32, "I", "uint32", 4},
    {TypeId::kUint64, "L", "uint64", 8},
    {TypeId::kFloat16, "e", "float16", 2},
    {TypeId::kFloat32, "f", "float32", 4},
    {TypeId::kFloat64, "g", "float64", 8},
    {TypeId::kTimestamp, "ts", "timestamp", 8},
    {TypeId::kDate32, "tdD", "date32", 4},
    {TypeId::kDate64, "tdm", "date64", 8},
    {TypeId::kUtf8, "u", "utf8", 4},
    {TypeId::kLargeUtf8, "U", "large_utf8", 8},
    {TypeId::kUtf8View, "vu", "utf8_view", 16},
    {TypeId::kStruct, "+s", "struct", 0},
    {TypeId::kOpaque, "", "opaque", 0},
    {TypeId::kList, "+l", "list", 4},
    {TypeId::kLargeBinary, "Z", "large_binary", 8},
}};

const TypeRow& row_of(TypeId id) noexcept { return kTypes[static_cast<std::size_t>(id)]; }

constexpr std::string_view kUnitLetters = "smun";
constexpr std::array<std::string_view, 4> kUnitNames = {"s", "ms", "us", "ns"};

// The types that users know by name and we refuse, so that the error does not quote a code.
std::string foreign_name(std::string_view format) {
  struct Foreign {
    std::string_view prefix;
    std::string_view name;
  };
  constexpr std::array<Foreign, 19> kForeign = {{{"n", "null"},
                                                 {"d:", "decimal"},
                                                 {"z", "binary"},
                                                 {"Z", "large_binary"},
                                                 {"vz", "binary_view"},
                                                 {"w:", "fixed_size_binary"},
                                                 {"tt", "time"},
                                                 {"tD", "duration"},
                                                 {"ti", "interval"},
                                                 {"+l", "list"},
                                                 {"+L", "large_list"},
                                                 {"+vl", "list_view"},
                                                 {"+vL", "large_list_view"},
                                                 {"+w:", "fixed_size_list"},
                                                 {"+m", "map"},
                                                 {"+ud:", "dense_union"},
                                                 {"+us:", "sparse_union"},
                                                 {"+r", "run_end_encoded"},
                                                 {"+s", "nested struct"}}};
  for (const Foreign& foreign : kForeign) {
    if (format.starts_with(foreign.prefix)) return std::string(foreign.name);
  }
  return text("format \"", format, "\"");
}

bool parse_timestamp(std::string_view format, Type& type) {
  if (format.size() < 4 || !format.starts_with("ts") || format[3] != ':') return false;
  const std::size_t unit = kUnitLetters.find(format[2]);
  if (unit == std::string_view::npos) return false;
  type.id = TypeId::kTimestamp;
  type.unit = static_cast<TimeUnit>(unit);
  type.timezone = format.substr(4);
  return true;
}

Type opaque(std::string name) {
  Type type;
  type.id = TypeId::kOpaque;
  type.foreign = std::move(name);
  return type;
}

Type parse_format(std::string_view format) {
  Type type;
  if (parse_timestamp(format, type)) return type;
  for (const TypeRow& row : kTypes) {
    if (row.id == TypeId::kOpaque) break;
    if (row.id != TypeId::kTimestamp && row.format == format) {
      type.id = row.id;
      return type;
    }
  }
  return opaque(foreign_name(format));
}

// How deep a field sits: a batch or a single column, its columns, the children of a struct column.
constexpr int kTop = 0;
constexpr int kStructChild = 2;

Field import_at(const ArrowSchema& schema, int depth, std::string_view path) {
  if (schema.release == nullptr) throw invalid_argument("the Arrow schema was already released");
  if (schema.format == nullptr) throw invalid_argument("the Arrow schema has no format");
  Field field;
  if (schema.name != nullptr) field.name = schema.name;
  const std::string column = path.empty() ? field.name : text(path, ".", field.name);
  field.type = parse_format(schema.format);
  field.nullable = (schema.flags & ARROW_FLAG_NULLABLE) != 0;
  if (schema.dictionary != nullptr) {
    if (!is_integer(field.type.id)) {
      throw invalid_argument("column \"", column, "\": a dictionary's index is of type ",
                             type_name(field.type), ", not an integer");
    }
    Field values = import_at(*schema.dictionary, kStructChild, column);
    const bool is_plain = values.type.id != TypeId::kStruct && values.type.id != TypeId::kOpaque;
    if (!is_plain || values.type.dictionary) {
      field.type = opaque(text("dictionary of ", type_name(values.type)));
      return field;
    }
    field.type.dictionary = std::make_shared<const Type>(std::move(values.type));
    field.type.ordered = (schema.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
  }
  if (field.type.id != TypeId::kStruct) return field;
  if (depth == kStructChild) {
    field.type = opaque("nested struct");
    return field;
  }
  if (schema.n_children < 0 || (schema.n_children > 0 && schema.children == nullptr)) {
    throw invalid_argument("column \"", column, "\": the Arrow schema has ", schema.n_children,
                           " children");
  }
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) {
      throw invalid_argument("column \"", column, "\": child ", i, " of the Arrow schema is null");
    }
    field.type.children.push_back(
        import_at(*schema.children[i], depth + 1, depth == kTop ? std::string_view() : column));
  }
  return field;
}

}  // namespace

bool operator==(const Type& a, const Type& b) {
  const bool both = a.dictionary && b.dictionary;
  return a.id == b.id && a.unit == b.unit && a.timezone == b.timezone && a.ordered == b.ordered &&
         a.children == b.children && a.foreign == b.foreign &&
         (both ? *a.dictionary == *b.dictionary : a.dictionary == b.dictionary);
}

std::size_t value_bytes(TypeId id) noexcept { return row_of(id).bytes; }

bool is_string(TypeId id) noexcept {
  return id == TypeId::kUtf8 || id == TypeId::kLargeUtf8 || id == TypeId::kUtf8View;
}

bool is_time(TypeId id) noexcept {
  return id == TypeId::kTimestamp || id == TypeId::kDate32 || id == TypeId::kDate64;
}

bool is_integer(TypeId id) noexcept { return id >= TypeId::kInt8 && id <= TypeId::kUint64; }

bool is_nothing(const Type& type) noexcept {
  return type.id == TypeId::kOpaque && type.foreign == "null";
}

std::string type_name(const Type& type) {
  if (type.id == TypeId::kOpaque) return type.foreign;
  std::string name(row_of(type.id).name);
  if (type.id == TypeId::kTimestamp) {
    name += text("[", kUnitNames[static_cast<std::size_t>(type.unit)],
                 type.timezone.empty() ? "" : ", ", type.timezone, "]");
  }
  if (type.id == TypeId::kList) name += text('<', type_name(type.children.front().type), '>');
  if (type.id == TypeId::kStruct) {
    name += '<';
    for (const Field& child : type.children) {
      if (name.back() != '<') name += ", ";
      name += text(child.name, ": ", type_name(child.type));
    }
    name += '>';
  }
  return type.dictionary ? text("dictionary<", type_name(*type.dictionary), ", ", name, ">") : name;
}

std::string format_of(const Type& type) {
  if (type.id != TypeId::kTimestamp) return std::string(row_of(type.id).format);
  return text("ts", kUnitLetters[static_cast<std::size_t>(type.unit)], ":", type.timezone);
}

void check_readable(const Field& field) {
  for (const Field& child : field.type.children) {
    check_readable({text(field.name, ".", child.name), child.type, child.nullable});
  }
  if (field.type.id != TypeId::kOpaque) return;
  throw unsupported("column \"", field.name, "\": type ", field.type.foreign, " is not supported");
}

Field import_field(const ArrowSchema& schema) { return import_at(schema, kTop, ""); }

}  // namespace kedge
