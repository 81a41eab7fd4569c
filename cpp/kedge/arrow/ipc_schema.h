// The schema message of the Arrow IPC format, both ways, and the numbers that the reader and the
// writer share. Slots and codes are those of Arrow's Message.fbs and Schema.fbs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "kedge/arrow/flatbuffer.h"
#include "kedge/arrow/type.h"

namespace kedge {

inline constexpr std::uint32_t kIpcMark = 0xffffffff;  // before each message's metadata length
inline constexpr std::int16_t kIpcV4 = 3;
inline constexpr std::int16_t kIpcV5 = 4;

enum class IpcHeader : std::uint8_t {
  kNone,
  kSchema,
  kDictionaryBatch,
  kRecordBatch,
  kTensor,
  kSparseTensor,
};

struct MessageSlot {
  enum : unsigned { kVersion, kHeaderType, kHeader, kBodyLength };
};
struct RecordBatchSlot {
  enum : unsigned { kLength, kNodes, kBuffers, kCompression, kVariadicCounts };
};
struct DictionaryBatchSlot {
  enum : unsigned { kId, kData, kIsDelta };
};

struct IpcSchema {
  std::shared_ptr<const Schema> schema;
  std::vector<std::optional<std::int64_t>> dictionary_ids;  // of each column that has one
  std::map<std::int64_t, std::size_t> dictionary_columns;   // the first column of each id
};

// Errors start with `part`.
IpcSchema read_ipc_schema(const FlatTable& table, std::string_view part);

// Adds the table and everything below it. A dictionary's id is its column's place in the schema.
std::size_t add_ipc_schema(FlatBuilder& builder, const Schema& schema);

}  // namespace kedge
