// Protocol Buffers' messages as a FileDescriptorSet describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::records {

// Numbers of FieldDescriptorProto.Type.
enum class ProtoType : std::uint8_t {
  kDouble = 1,
  kFloat = 2,
  kInt64 = 3,
  kUint64 = 4,
  kInt32 = 5,
  kFixed64 = 6,
  kFixed32 = 7,
  kBool = 8,
  kString = 9,
  kGroup = 10,
  kMessage = 11,
  kBytes = 12,
  kUint32 = 13,
  kEnum = 14,
  kSfixed32 = 15,
  kSfixed64 = 16,
  kSint32 = 17,
  kSint64 = 18,
};

struct ProtoField {
  std::string name;
  std::uint32_t number = 0;
  ProtoType type = ProtoType::kDouble;
  std::string type_name;  // of a message or an enum, with its package
  bool repeated = false;
  bool has_presence = false;  // absent is not the same as zero
};

struct ProtoMessage {
  std::vector<ProtoField> fields;
  std::vector<std::int64_t> place;  // in its file, from the outermost message down
};

class ProtoSchema {
 public:
  static constexpr std::size_t kMostNesting = 64;

  // The bytes of a FileDescriptorSet (`protoc --include_imports -o`). Throws CorruptData.
  explicit ProtoSchema(std::span<const std::byte> descriptors);

  // Throws InvalidArgument for what is not described.
  const ProtoMessage& message(std::string_view name) const;
  // The names of an enum's values.
  const std::map<std::int32_t, std::string>& names(std::string_view name) const;

 private:
  void read_file(std::span<const std::byte> bytes);
  void read_message(std::span<const std::byte> bytes, const std::string& scope, bool implicit,
                    std::vector<std::int64_t> place);
  void read_enum(std::span<const std::byte> bytes, const std::string& scope);

  std::map<std::string, ProtoMessage, std::less<>> messages_;
  std::map<std::string, std::map<std::int32_t, std::string>, std::less<>> enums_;
};

}  // namespace kedge::records
