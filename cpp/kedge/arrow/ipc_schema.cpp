#include "kedge/arrow/ipc_schema.h"

#include <array>

#include "kedge/base/error.h"

namespace kedge {
namespace {

struct SchemaSlot {
  enum : unsigned { kEndianness, kFields };
};
struct FieldSlot {
  enum : unsigned { kName, kNullable, kTypeTag, kType, kDictionary, kChildren };
};
struct DictionarySlot {
  enum : unsigned { kId, kIndexType, kIsOrdered };
};
struct IntSlot {
  enum : unsigned { kBitWidth, kIsSigned };
};
struct TimestampSlot {
  enum : unsigned { kUnit, kTimezone };
};
constexpr unsigned kOnlySlot = 0;  // a float's precision, a date's unit

enum class TypeTag : std::uint8_t {
  kInt = 2,
  kFloat = 3,
  kUtf8 = 5,
  kBool = 6,
  kDate = 8,
  kTimestamp = 10,
  kLargeUtf8 = 20,
  kUtf8View = 24,
};

constexpr std::array<std::string_view, 27> kTagNames = {"none",
                                                        "null",
                                                        "int",
                                                        "float",
                                                        "binary",
                                                        "utf8",
                                                        "bool",
                                                        "decimal",
                                                        "date",
                                                        "time",
                                                        "timestamp",
                                                        "interval",
                                                        "list",
                                                        "struct",
                                                        "union",
                                                        "fixed_size_binary",
                                                        "fixed_size_list",
                                                        "map",
                                                        "duration",
                                                        "large_binary",
                                                        "large_utf8",
                                                        "large_list",
                                                        "run_end_encoded",
                                                        "binary_view",
                                                        "utf8_view",
                                                        "list_view",
                                                        "large_list_view"};

std::string tag_name(std::uint8_t tag) {
  return tag < kTagNames.size() ? std::string(kTagNames[tag]) : text("number ", tag);
}

class FieldReader {
 public:
  FieldReader(std::string_view part, const FlatTable& table)
      : part_(part), table_(table), name_(table.string(FieldSlot::kName)) {}

  Field read(std::optional<std::int64_t>& dictionary_id) const {
    Field field;
    field.name = name_;
    field.nullable = table_.scalar<std::uint8_t>(FieldSlot::kNullable, 0) != 0;
    field.type = value_type();
    const std::size_t children = table_.vector(FieldSlot::kChildren, 4).size();
    if (children != 0) {
      throw corrupt_data(where(), type_name(field.type), " has no children, the field has ",
                         children);
    }
    if (const auto encoding = table_.table(FieldSlot::kDictionary)) {
      dictionary_id = encoding->scalar<std::int64_t>(DictionarySlot::kId, 0);
      const auto index = encoding->table(DictionarySlot::kIndexType);
      Type type;
      type.id = index ? integer(*index) : TypeId::kInt32;
      type.ordered = encoding->scalar<std::uint8_t>(DictionarySlot::kIsOrdered, 0) != 0;
      type.dictionary = std::make_shared<const Type>(std::move(field.type));
      field.type = std::move(type);
    }
    return field;
  }

 private:
  std::string where() const { return text(part_, ": column \"", name_, "\": "); }

  Type value_type() const {
    const auto tag = table_.scalar<std::uint8_t>(FieldSlot::kTypeTag, 0);
    const auto table = table_.table(FieldSlot::kType);
    if (tag == 0 || !table) throw corrupt_data(where(), "the field has no type");
    Type type;
    switch (static_cast<TypeTag>(tag)) {
      case TypeTag::kInt:
        type.id = integer(*table);
        return type;
      case TypeTag::kFloat:
        type.id = floating(*table);
        return type;
      case TypeTag::kDate:
        type.id = date(*table);
        return type;
      case TypeTag::kTimestamp:
        type.id = TypeId::kTimestamp;
        type.unit = static_cast<TimeUnit>(code(*table, "timestamp unit", 0, 3));
        type.timezone = table->string(TimestampSlot::kTimezone);
        return type;
      case TypeTag::kBool:
        type.id = TypeId::kBool;
        return type;
      case TypeTag::kUtf8:
        type.id = TypeId::kUtf8;
        return type;
      case TypeTag::kLargeUtf8:
        type.id = TypeId::kLargeUtf8;
        return type;
      case TypeTag::kUtf8View:
        type.id = TypeId::kUtf8View;
        return type;
    }
    throw unsupported(where(), "type ", tag_name(tag), " is not supported");
  }

  // The table's first field, a code from 0 to `most`.
  std::int16_t code(const FlatTable& table, std::string_view what, std::int16_t absent,
                    std::int16_t most) const {
    const auto value = table.scalar<std::int16_t>(kOnlySlot, absent);
    if (value < 0 || value > most) {
      throw corrupt_data(where(), what, " is ", value, ", not from 0 to ", most);
    }
    return value;
  }

  TypeId integer(const FlatTable& table) const {
    const auto bits = table.scalar<std::int32_t>(IntSlot::kBitWidth, 0);
    const bool is_signed = table.scalar<std::uint8_t>(IntSlot::kIsSigned, 0) != 0;
    switch (bits) {
      case 8:
        return is_signed ? TypeId::kInt8 : TypeId::kUint8;
      case 16:
        return is_signed ? TypeId::kInt16 : TypeId::kUint16;
      case 32:
        return is_signed ? TypeId::kInt32 : TypeId::kUint32;
      case 64:
        return is_signed ? TypeId::kInt64 : TypeId::kUint64;
      default:
        throw corrupt_data(where(), "an integer of ", bits, " bits, not 8, 16, 32 or 64");
    }
  }

  TypeId floating(const FlatTable& table) const {
    constexpr std::array kFloats = {TypeId::kFloat16, TypeId::kFloat32, TypeId::kFloat64};
    return kFloats[static_cast<std::size_t>(code(table, "float precision", 0, 2))];
  }

  TypeId date(const FlatTable& table) const {
    return code(table, "date unit", 1, 1) == 0 ? TypeId::kDate32 : TypeId::kDate64;
  }

  std::string_view part_;
  const FlatTable& table_;
  std::string_view name_;
};

// One dictionary may serve several columns, but its values have one type.
void note_dictionary(IpcSchema& read, const Schema& schema, std::size_t i, std::string_view part) {
  const std::int64_t id = *read.dictionary_ids[i];
  const Field& first = schema[read.dictionary_columns.emplace(id, i).first->second];
  if (*first.type.dictionary == *schema[i].type.dictionary) return;
  throw corrupt_data(part, ": column \"", schema[i].name, "\": ", type_name(schema[i].type),
                     " shares dictionary ", id, " with column \"", first.name, "\" of ",
                     type_name(first.type));
}

std::size_t add_integer(FlatBuilder& builder, TypeId id) {
  return builder.add_table(
      {FlatBuilder::scalar(IntSlot::kBitWidth, static_cast<std::int32_t>(8 * value_bytes(id))),
       FlatBuilder::scalar(IntSlot::kIsSigned, id <= TypeId::kInt64)});
}

std::size_t add_timestamp(FlatBuilder& builder, const Type& type) {
  const auto unit = FlatBuilder::scalar(TimestampSlot::kUnit, static_cast<std::int16_t>(type.unit));
  if (type.timezone.empty()) return builder.add_table({unit});
  std::size_t zone = 0;
  const std::size_t table =
      builder.add_table({unit, FlatBuilder::reference(TimestampSlot::kTimezone, zone)});
  builder.connect(zone, builder.add_string(type.timezone));
  return table;
}

TypeTag tag_of(TypeId id) {
  switch (id) {
    case TypeId::kBool:
      return TypeTag::kBool;
    case TypeId::kFloat16:
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return TypeTag::kFloat;
    case TypeId::kTimestamp:
      return TypeTag::kTimestamp;
    case TypeId::kDate32:
    case TypeId::kDate64:
      return TypeTag::kDate;
    case TypeId::kUtf8:
      return TypeTag::kUtf8;
    case TypeId::kLargeUtf8:
      return TypeTag::kLargeUtf8;
    case TypeId::kUtf8View:
      return TypeTag::kUtf8View;
    default:
      return TypeTag::kInt;
  }
}

// The table that goes with the tag.
std::size_t add_type(FlatBuilder& builder, const Type& type) {
  const auto code_of = [&](TypeId first) {
    return FlatBuilder::scalar(
        kOnlySlot, static_cast<std::int16_t>(static_cast<int>(type.id) - static_cast<int>(first)));
  };
  switch (tag_of(type.id)) {
    case TypeTag::kInt:
      return add_integer(builder, type.id);
    case TypeTag::kFloat:
      return builder.add_table({code_of(TypeId::kFloat16)});
    case TypeTag::kDate:
      return builder.add_table({code_of(TypeId::kDate32)});
    case TypeTag::kTimestamp:
      return add_timestamp(builder, type);
    default:
      return builder.add_table({});
  }
}

std::size_t add_dictionary(FlatBuilder& builder, const Type& type, std::int64_t id) {
  std::size_t index = 0;
  const std::size_t table =
      builder.add_table({FlatBuilder::scalar(DictionarySlot::kId, id),
                         FlatBuilder::reference(DictionarySlot::kIndexType, index),
                         FlatBuilder::scalar(DictionarySlot::kIsOrdered, type.ordered)});
  builder.connect(index, add_integer(builder, type.id));
  return table;
}

std::size_t add_field(FlatBuilder& builder, const Field& field, std::int64_t id) {
  const bool encoded = field.type.dictionary != nullptr;
  const Type& values = encoded ? *field.type.dictionary : field.type;
  std::size_t name = 0;
  std::size_t type = 0;
  std::size_t children = 0;
  std::size_t dictionary = 0;
  const auto nullable = FlatBuilder::scalar(FieldSlot::kNullable, field.nullable);
  const auto tag = FlatBuilder::scalar(FieldSlot::kTypeTag, tag_of(values.id));
  const auto name_field = FlatBuilder::reference(FieldSlot::kName, name);
  const auto type_field = FlatBuilder::reference(FieldSlot::kType, type);
  const auto children_field = FlatBuilder::reference(FieldSlot::kChildren, children);
  const auto dictionary_field = FlatBuilder::reference(FieldSlot::kDictionary, dictionary);
  const std::size_t table =
      encoded ? builder.add_table(
                    {name_field, nullable, tag, type_field, dictionary_field, children_field})
              : builder.add_table({name_field, nullable, tag, type_field, children_field});
  builder.connect(name, builder.add_string(field.name));
  builder.connect(type, add_type(builder, values));
  // Readers of other projects take a missing vector of children for damage.
  builder.connect(children, builder.add_references(0));
  if (encoded) builder.connect(dictionary, add_dictionary(builder, field.type, id));
  return table;
}

}  // namespace

IpcSchema read_ipc_schema(const FlatTable& table, std::string_view part) {
  const auto endianness = table.scalar<std::int16_t>(SchemaSlot::kEndianness, 0);
  if (endianness == 1) throw unsupported(part, ": big-endian data is not supported");
  if (endianness != 0) throw corrupt_data(part, ": endianness ", endianness, " is not 0 or 1");
  const FlatVector fields = table.vector(SchemaSlot::kFields, sizeof(std::uint32_t));
  Schema schema;
  IpcSchema out;
  schema.reserve(fields.size());
  out.dictionary_ids.resize(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FlatTable field = fields.table(i);
    schema.push_back(FieldReader(part, field).read(out.dictionary_ids[i]));
    if (out.dictionary_ids[i]) note_dictionary(out, schema, i, part);
  }
  out.schema = std::make_shared<const Schema>(std::move(schema));
  return out;
}

std::size_t add_ipc_schema(FlatBuilder& builder, const Schema& schema) {
  std::size_t fields = 0;
  const std::size_t table =
      builder.add_table({FlatBuilder::scalar(SchemaSlot::kEndianness, std::int16_t{0}),
                         FlatBuilder::reference(SchemaSlot::kFields, fields)});
  const std::size_t vector = builder.add_references(schema.size());
  builder.connect(fields, vector);
  for (std::size_t i = 0; i < schema.size(); ++i) {
    builder.connect(FlatBuilder::reference_in(vector, i),
                    add_field(builder, schema[i], static_cast<std::int64_t>(i)));
  }
  return table;
}

}  // namespace kedge
