// Streams that no honest writer makes, put together table by table.
#include <limits>

#include "check.h"
#include "kedge/arrow/ipc.h"
#include "kedge/arrow/ipc_schema.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

using Bytes = std::vector<std::byte>;
using Numbers = std::vector<std::int64_t>;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

struct Crafted {
  std::int64_t rows = 4;
  Numbers nodes = {4, 0};
  Numbers buffers;  // offset and length of each
  Numbers counts = {};
  Bytes body = Bytes(64);
  int codec = -1;
  std::int16_t version = kIpcV5;
  bool is_delta = false;
};

void append_message(Bytes& out, const FlatBuilder& builder, const Bytes& body) {
  ByteWriter writer;
  writer.write(kIpcMark);
  const std::size_t bytes = (builder.view().size() + 7) / 8 * 8;
  writer.write(static_cast<std::int32_t>(bytes));
  writer.write_bytes(builder.view());
  writer.pad_to(8);
  writer.write_bytes(body);
  out.insert(out.end(), writer.view().begin(), writer.view().end());
}

std::size_t add_message(FlatBuilder& builder, IpcHeader header, std::int64_t body_bytes,
                        std::int16_t version) {
  std::size_t content = 0;
  builder.add_table({FlatBuilder::scalar(MessageSlot::kVersion, version),
                     FlatBuilder::scalar(MessageSlot::kHeaderType, header),
                     FlatBuilder::reference(MessageSlot::kHeader, content),
                     FlatBuilder::scalar(MessageSlot::kBodyLength, body_bytes)});
  return content;
}

Bytes schema_bytes(const Schema& schema) {
  Bytes bytes;
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kSchema, 0, kIpcV5);
  builder.connect(content, add_ipc_schema(builder, schema));
  append_message(bytes, builder, {});
  return bytes;
}

std::size_t add_batch(FlatBuilder& builder, const Crafted& crafted) {
  std::size_t nodes = 0, buffers = 0, counts = 0, compression = 0;
  const auto rows = FlatBuilder::scalar(RecordBatchSlot::kLength, crafted.rows);
  const auto node_list = FlatBuilder::reference(RecordBatchSlot::kNodes, nodes);
  const auto buffer_list = FlatBuilder::reference(RecordBatchSlot::kBuffers, buffers);
  const auto codec = FlatBuilder::reference(RecordBatchSlot::kCompression, compression);
  const auto count_list = FlatBuilder::reference(RecordBatchSlot::kVariadicCounts, counts);
  const std::size_t table =
      crafted.codec < 0 ? builder.add_table({rows, node_list, buffer_list, count_list})
                        : builder.add_table({rows, node_list, buffer_list, count_list, codec});
  builder.connect(nodes, builder.add_int64s(crafted.nodes, 2));
  builder.connect(buffers, builder.add_int64s(crafted.buffers, 2));
  builder.connect(counts, builder.add_int64s(crafted.counts, 1));
  if (crafted.codec >= 0) {
    const auto number = static_cast<std::int8_t>(crafted.codec);
    builder.connect(compression, builder.add_table({FlatBuilder::scalar(0, number)}));
  }
  return table;
}

void append_batch(Bytes& out, const Crafted& crafted) {
  FlatBuilder builder;
  const std::size_t content =
      add_message(builder, IpcHeader::kRecordBatch, static_cast<std::int64_t>(crafted.body.size()),
                  crafted.version);
  builder.connect(content, add_batch(builder, crafted));
  append_message(out, builder, crafted.body);
}

void append_dictionary(Bytes& out, std::int64_t id, const Crafted& crafted) {
  FlatBuilder builder;
  const std::size_t content =
      add_message(builder, IpcHeader::kDictionaryBatch,
                  static_cast<std::int64_t>(crafted.body.size()), crafted.version);
  std::size_t data = 0;
  builder.connect(
      content,
      builder.add_table({FlatBuilder::scalar(DictionaryBatchSlot::kId, id),
                         FlatBuilder::reference(DictionaryBatchSlot::kData, data),
                         FlatBuilder::scalar(DictionaryBatchSlot::kIsDelta, crafted.is_delta)}));
  builder.connect(data, add_batch(builder, crafted));
  append_message(out, builder, crafted.body);
}

Schema one_column(TypeId id, std::shared_ptr<const Type> dictionary = nullptr) {
  Type type;
  type.id = id;
  type.dictionary = std::move(dictionary);
  return {{"x", type, true}};
}

Schema one_dictionary() {
  const Schema values = one_column(TypeId::kInt16);
  return one_column(TypeId::kInt8, std::make_shared<const Type>(values.front().type));
}

// What is said about a batch of one column of the type.
std::string refusal(TypeId id, const Crafted& crafted) {
  Bytes bytes = schema_bytes(one_column(id));
  append_batch(bytes, crafted);
  return test::error_of([&] { read_ipc(bytes, nullptr); });
}

bool has(const std::string& message, std::string_view part) {
  if (message.find(part) != std::string::npos) return true;
  test::report(false, __FILE__, 0, message);
  return false;
}

template <class T>
Bytes body_of(std::initializer_list<T> values) {
  ByteWriter out;
  for (const T value : values) out.write(value);
  out.pad_to(64);
  return out.take();
}

// A schema of one column "x" whose type has this tag, with one number in its first slot.
Bytes schema_of_tag(std::uint8_t tag, std::int16_t number, std::int16_t endianness = 0) {
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kSchema, 0, kIpcV5);
  std::size_t fields = 0, name = 0, type = 0;
  builder.connect(content, builder.add_table({FlatBuilder::scalar(0, endianness),
                                              FlatBuilder::reference(1, fields)}));
  const std::size_t list = builder.add_references(1);
  builder.connect(fields, list);
  builder.connect(FlatBuilder::reference_in(list, 0),
                  builder.add_table({FlatBuilder::reference(0, name), FlatBuilder::scalar(2, tag),
                                     FlatBuilder::reference(3, type)}));
  builder.connect(name, builder.add_string("x"));
  builder.connect(type, builder.add_table({FlatBuilder::scalar(0, number)}));
  Bytes bytes;
  append_message(bytes, builder, {});
  return bytes;
}

}  // namespace

TEST("ipc: types that are not taken are refused with the column's name") {
  const std::pair<std::uint8_t, std::string_view> kRefused[] = {{1, "null"},
                                                                {4, "binary"},
                                                                {7, "decimal"},
                                                                {9, "time"},
                                                                {11, "interval"},
                                                                {12, "list"},
                                                                {13, "struct"},
                                                                {14, "union"},
                                                                {15, "fixed_size_binary"},
                                                                {16, "fixed_size_list"},
                                                                {17, "map"},
                                                                {18, "duration"},
                                                                {19, "large_binary"},
                                                                {21, "large_list"},
                                                                {22, "run_end_encoded"},
                                                                {23, "binary_view"},
                                                                {25, "list_view"},
                                                                {26, "large_list_view"},
                                                                {99, "number 99"}};
  for (const auto& [tag, name] : kRefused) {
    CHECK_ERROR(text("message 0 (schema): column \"x\": type ", name, " is not supported"),
                read_ipc(schema_of_tag(tag, 0), nullptr));
  }
  CHECK_ERROR("column \"x\": the field has no type", read_ipc(schema_of_tag(0, 0), nullptr));
  CHECK_ERROR("column \"x\": float precision is 3", read_ipc(schema_of_tag(3, 3), nullptr));
  CHECK_ERROR("column \"x\": date unit is -1", read_ipc(schema_of_tag(8, -1), nullptr));
  CHECK_ERROR("column \"x\": timestamp unit is 4", read_ipc(schema_of_tag(10, 4), nullptr));
  CHECK_ERROR("big-endian data is not supported", read_ipc(schema_of_tag(6, 0, 1), nullptr));
  CHECK_ERROR("endianness 2 is not 0 or 1", read_ipc(schema_of_tag(6, 0, 2), nullptr));
}

TEST("ipc: framings, versions and encodings that are not taken are refused by name") {
  const Bytes old = body_of<std::int32_t>({60, 0, 0});
  CHECK_ERROR("streams of before Arrow 0.15", read_ipc(old, nullptr));
  CHECK_ERROR("an Arrow file, not a stream", read_ipc(as_bytes("ARROW1..file"), nullptr));
  CHECK_ERROR("message 0: starts with 1330790725", read_ipc(as_bytes("EARO, none"), nullptr));
  const Numbers buffers = {0, 0, 0, 32};
  CHECK(refusal(TypeId::kInt64, {.buffers = buffers}) == "no error");
  CHECK(refusal(TypeId::kInt64, {.buffers = buffers, .version = kIpcV4}) == "no error");
  CHECK(has(refusal(TypeId::kInt64, {.buffers = buffers, .version = 2}),
            "message 1 (record batch): metadata version V3 is not V4 or V5"));
  CHECK(has(refusal(TypeId::kInt64, {.buffers = buffers, .codec = 0}),
            "message 1 (record batch): compression lz4_frame is not supported"));
  CHECK(has(refusal(TypeId::kInt64, {.buffers = buffers, .codec = 1}), "zstd"));
}

TEST("ipc: rows, nodes and buffers must agree with the schema and fit the body") {
  const auto refused = [](const Crafted& crafted, std::string_view part) {
    return has(refusal(TypeId::kInt64, crafted), part);
  };
  const Numbers good = {0, 0, 0, 32};
  CHECK(refused({.rows = -1, .buffers = good}, "claims -1 rows"));
  CHECK(refused({.rows = kMost, .nodes = {kMost, 0}, .buffers = good}, "rows, not from 0 to"));
  const auto many = static_cast<std::int64_t>(~std::size_t{0} >> 7);  // half of what is taken
  CHECK(refused({.rows = many, .nodes = {many, 0}, .buffers = good},
                text("column \"x\": values buffer has 32 bytes, ", many, " rows need ", 8 * many)));
  CHECK(refused({.nodes = {}, .buffers = good}, "column \"x\": has no node"));
  CHECK(refused({.nodes = {5, 0}, .buffers = good}, "column \"x\": has 5 rows, its message 4"));
  CHECK(refused({.nodes = {4, -1}, .buffers = good}, "column \"x\": null_count -1 of 4 rows"));
  CHECK(refused({.nodes = {4, 5}, .buffers = good}, "column \"x\": null_count 5 of 4 rows"));
  CHECK(refused({.nodes = {4, 1}, .buffers = good}, "validity buffer has 0 bytes, 4 rows need 1"));
  CHECK(refused({.nodes = {4, 1}, .buffers = {32, 1, 0, 32}}, "its validity has 4 null rows"));
  CHECK(refused({.nodes = {4, 0, 4, 0}, .buffers = good}, "lists 2 nodes, its columns have 1"));
  CHECK(refused({.buffers = {0, 0}}, "column \"x\": has no values buffer"));
  CHECK(refused({.buffers = {0, 0, 0, 32, 0, 0}}, "lists 3 buffers, its columns have 2"));
  CHECK(refused({.buffers = good, .counts = {0}}, "lists 1 variadic buffer counts"));
  CHECK(refused({.buffers = {0, 0, 0, 31}}, "values buffer has 31 bytes, 4 rows need 32"));
  CHECK(refused({.buffers = {0, 0, 4, 32}}, "values buffer starts at 4, not a multiple of 8"));
  CHECK(refused({.buffers = {0, 0, 40, 32}}, "buffer of 32 bytes at 40, the body has 64"));
  CHECK(refused({.buffers = {0, 0, -8, 32}}, "buffer of 32 bytes at -8, the body has 64"));
  CHECK(refused({.buffers = {0, 0, 8, kMost}}, "buffer of 9223372036854775807 bytes at 8"));
  CHECK(refused({.buffers = {0, 40, 0, 32}}, "values buffer overlaps another one"));
}

TEST("ipc: string offsets, views and indices must stay inside") {
  const auto strings = [](std::initializer_list<std::int32_t> offsets) {
    return refusal(
        TypeId::kUtf8,
        {.rows = 2, .nodes = {2, 0}, .buffers = {0, 0, 0, 12, 16, 5}, .body = body_of(offsets)});
  };
  CHECK(strings({1, 1, 5}) == "no error");
  CHECK(has(strings({0, 3, 2}), "column \"x\": string offsets are negative or fall"));
  CHECK(has(strings({-1, 0, 2}), "column \"x\": string offsets are negative or fall"));
  CHECK(has(strings({0, 3, 6}), "string offsets reach 6, the text buffer has 5 bytes"));

  const auto view = [](std::initializer_list<std::int32_t> parts, Numbers counts = {1}) {
    return refusal(TypeId::kUtf8View, {.rows = 1,
                                       .nodes = {1, 0},
                                       .buffers = {0, 0, 0, 16, 16, 20},
                                       .counts = std::move(counts),
                                       .body = body_of(parts)});
  };
  CHECK(view({13, 0, 0, 7}) == "no error");
  CHECK(has(view({-1, 0, 0, 0}), "column \"x\": row 0 has length -1"));
  CHECK(has(view({13, 0, 1, 0}), "column \"x\": row 0 points into text buffer 1 of 1"));
  CHECK(has(view({13, 0, -1, 0}), "column \"x\": row 0 points into text buffer -1 of 1"));
  CHECK(has(view({13, 0, 0, 8}), "row 0 has 13 bytes at 8, text buffer 0 has 20"));
  CHECK(has(view({13, 0, 0, -1}), "row 0 has 13 bytes at -1"));
  CHECK(has(view({1, 0, 0, 0}, {}), "column \"x\": has no variadic buffer count"));
  CHECK(has(view({1, 0, 0, 0}, {2}), "claims 2 text buffers, the message has 1 more"));
  CHECK(has(view({1, 0, 0, 0}, {-1}), "claims -1 text buffers"));
}

TEST("ipc: dictionaries must be known, whole and as long as the indices need") {
  const auto stream = [](std::int64_t id, const Crafted& dictionary, std::int8_t index) {
    Bytes bytes = schema_bytes(one_dictionary());
    append_dictionary(bytes, id, dictionary);
    append_batch(bytes, {.rows = 1,
                         .nodes = {1, 0},
                         .buffers = {0, 0, 0, 1},
                         .body = body_of<std::int8_t>({index})});
    return test::error_of([&] { read_ipc(bytes, nullptr); });
  };
  const Crafted good = {.buffers = {0, 0, 0, 8}};
  CHECK(stream(0, good, 3) == "no error");
  CHECK(has(stream(0, good, 4),
            "message 2 (record batch): column \"x\": row 0 has index 4, the "
            "dictionary has 4 values"));
  CHECK(has(stream(0, good, -1), "row 0 has index -1"));
  CHECK(has(stream(7, good, 0), "message 1 (dictionary batch): no column has dictionary 7"));
  CHECK(has(stream(0, {.buffers = {0, 0, 0, 7}}, 0), "(dictionary batch): column \"x\": values"));
  CHECK(has(stream(0, {.buffers = {0, 0, 0, 8}, .is_delta = true}, 0),
            "column \"x\": a delta dictionary is not supported"));
  // No row that uses it, no dictionary needed.
  Bytes unsent = schema_bytes(one_dictionary());
  append_batch(unsent, {.rows = 0, .nodes = {0, 0}, .buffers = {0, 0, 0, 0}});
  CHECK(read_ipc(unsent, nullptr).batches[0].columns[0].dictionary->length == 0);
}

TEST("ipc: messages come in order and within the limits") {
  Bytes bytes;
  append_batch(bytes, {.buffers = {0, 0, 0, 32}});
  CHECK_ERROR("message 0 (record batch): comes before the schema", read_ipc(bytes, nullptr));
  bytes = schema_bytes(one_column(TypeId::kInt64));
  const Bytes again = schema_bytes({});
  bytes.insert(bytes.end(), again.begin(), again.end());
  CHECK_ERROR("message 1 (schema): the stream has a schema already", read_ipc(bytes, nullptr));

  Bytes large = schema_bytes(one_column(TypeId::kInt64));
  append_batch(large, {.buffers = {0, 0, 0, 32}});
  IpcReader wide({.metadata_bytes = 1024, .body_bytes = 64});
  wide.push(large);
  CHECK(wide.next().has_value());
  IpcReader narrow({.metadata_bytes = 1024, .body_bytes = 63});
  CHECK_ERROR("message 1 (record batch): its body has 64 bytes, the limit is 63",
              narrow.push(large));
  CHECK_ERROR("the limit is 63", narrow.finish());
  IpcReader terse({.metadata_bytes = 8, .body_bytes = 64});
  CHECK_ERROR("message 0: its metadata has ", terse.push(large));
}

TEST("ipc: a few bytes of metadata cannot stand for many fields") {
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kSchema, 0, kIpcV5);
  std::size_t fields = 0, name = 0, type = 0;
  constexpr std::size_t kFields = 1000;
  builder.connect(content, builder.add_table({FlatBuilder::reference(1, fields)}));
  const std::size_t list = builder.add_references(kFields);
  builder.connect(fields, list);
  const std::size_t field =
      builder.add_table({FlatBuilder::reference(0, name), FlatBuilder::scalar(2, std::uint8_t{6}),
                         FlatBuilder::reference(3, type)});
  for (std::size_t i = 0; i < kFields; ++i) {
    builder.connect(FlatBuilder::reference_in(list, i), field);
  }
  builder.connect(name, builder.add_string(std::string(1000, 'x')));
  builder.connect(type, builder.add_table({}));
  Bytes bytes;
  append_message(bytes, builder, {});
  CHECK_ERROR("message 0: its tables overlap", read_ipc(bytes, nullptr));
}

}  // namespace kedge
