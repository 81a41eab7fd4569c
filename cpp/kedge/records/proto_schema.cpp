#include "kedge/records/proto_schema.h"

#include "kedge/base/error.h"
#include "kedge/base/protobuf.h"

namespace kedge::records {
namespace {

constexpr std::int64_t kRepeated = 3;

std::string inside(const std::string& scope, std::string_view name) {
  return scope.empty() ? std::string(name) : text(scope, '.', name);
}

// `implicit`: of proto3, where a scalar that is zero is not written.
ProtoField read_field(std::span<const std::byte> bytes, bool implicit) {
  ProtoField field;
  bool in_choice = false;
  for (ProtoReader reader(bytes, "FieldDescriptorProto"); reader.next();) {
    switch (reader.field()) {
      case 1:
        field.name = reader.text();
        break;
      case 3:
        field.number = static_cast<std::uint32_t>(reader.integer());
        break;
      case 4:
        field.repeated = reader.integer() == kRepeated;
        break;
      case 5:
        field.type = static_cast<ProtoType>(reader.integer());
        break;
      case 6:
        field.type_name = reader.text();
        if (field.type_name.starts_with('.')) field.type_name.erase(0, 1);
        break;
      case 9:  // of a oneof, as that of an optional field in proto3 is
        in_choice = true;
        break;
      default:
        break;
    }
  }
  if (field.type < ProtoType::kDouble || field.type > ProtoType::kSint64 || !is_utf8(field.name)) {
    throw corrupt_data("FieldDescriptorProto ", field.number, ": type ",
                       static_cast<int>(field.type), " is none");
  }
  field.has_presence = !implicit || in_choice || field.type == ProtoType::kMessage;
  return field;
}

}  // namespace

ProtoSchema::ProtoSchema(std::span<const std::byte> descriptors) {
  for (ProtoReader reader(descriptors, "FileDescriptorSet"); reader.next();) {
    if (reader.field() == 1) read_file(reader.bytes());
  }
}

void ProtoSchema::read_file(std::span<const std::byte> bytes) {
  std::string package;
  bool implicit = false;
  for (ProtoReader reader(bytes, "FileDescriptorProto"); reader.next();) {
    if (reader.field() == 2) package = reader.text();
    if (reader.field() == 12) implicit = reader.text() == "proto3";
  }
  std::int64_t place = 0;
  for (ProtoReader reader(bytes, "FileDescriptorProto"); reader.next();) {
    if (reader.field() == 4) read_message(reader.bytes(), package, implicit, {place++});
    if (reader.field() == 5) read_enum(reader.bytes(), package);
  }
}

void ProtoSchema::read_message(std::span<const std::byte> bytes, const std::string& scope,
                               bool implicit, std::vector<std::int64_t> place) {
  if (place.size() > kMostNesting) {
    throw resource_exhausted("DescriptorProto: messages are nested deeper than ", kMostNesting);
  }
  std::string name;
  for (ProtoReader reader(bytes, "DescriptorProto"); reader.next();) {
    if (reader.field() == 1) name = inside(scope, reader.text());
  }
  ProtoMessage message;
  place.push_back(0);
  for (ProtoReader reader(bytes, "DescriptorProto"); reader.next();) {
    if (reader.field() == 2) message.fields.push_back(read_field(reader.bytes(), implicit));
    if (reader.field() == 3) {
      read_message(reader.bytes(), name, implicit, place);
      ++place.back();
    }
    if (reader.field() == 4) read_enum(reader.bytes(), name);
  }
  place.pop_back();
  message.place = std::move(place);
  messages_.insert_or_assign(name, std::move(message));
}

void ProtoSchema::read_enum(std::span<const std::byte> bytes, const std::string& scope) {
  std::string name;
  std::map<std::int32_t, std::string> values;
  for (ProtoReader reader(bytes, "EnumDescriptorProto"); reader.next();) {
    if (reader.field() == 1) name = inside(scope, reader.text());
    if (reader.field() != 2) continue;
    std::int32_t number = 0;
    std::string value;
    for (ProtoReader entry(reader.bytes(), "EnumValueDescriptorProto"); entry.next();) {
      if (entry.field() == 1) value = entry.text();
      if (entry.field() == 2) number = static_cast<std::int32_t>(entry.integer());
    }
    values.emplace(number, std::move(value));  // of aliases, the first
  }
  enums_.insert_or_assign(name, std::move(values));
}

const ProtoMessage& ProtoSchema::message(std::string_view name) const {
  const auto found = messages_.find(name);
  if (found == messages_.end()) {
    throw invalid_argument("descriptors: they have no message \"", name, '"');
  }
  return found->second;
}

const std::map<std::int32_t, std::string>& ProtoSchema::names(std::string_view name) const {
  const auto found = enums_.find(name);
  if (found == enums_.end()) {
    throw invalid_argument("descriptors: they have no enum \"", name, '"');
  }
  return found->second;
}

}  // namespace kedge::records
