#include "kedge/arrow/ipc.h"

#include <deque>

#include "arrow/rows.h"
#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/error.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

using test::dump_rows;
using Bytes = std::vector<std::byte>;

// The memory of made columns.
struct Arena {
  std::deque<Buffer> buffers;
  std::deque<std::vector<const char*>> starts;
  std::deque<std::vector<std::int64_t>> sizes;

  std::byte* make(std::size_t bytes) { return buffers.emplace_back(bytes).data(); }
};

class Maker {
 public:
  Maker(std::shared_ptr<Arena> arena, std::uint64_t seed)
      : arena_(std::move(arena)), random_(seed) {}

  // Rows `offset` to `offset + length` of a longer column.
  Column column(const Type& type, std::size_t offset, std::size_t length, bool nulls) {
    const std::size_t rows = offset + length + 3;
    Column out;
    out.type = type.id;
    out.offset = offset;
    out.length = length;
    if (nulls) out.validity = bits(rows);
    if (type.id == TypeId::kBool) {
      out.values = bits(rows);
    } else if (type.id == TypeId::kUtf8) {
      text<std::int32_t>(out, rows);
    } else if (type.id == TypeId::kLargeUtf8) {
      text<std::int64_t>(out, rows);
    } else if (type.id == TypeId::kUtf8View) {
      views(out, rows);
    } else {
      out.values = numbers(rows * value_bytes(type.id));
    }
    if (type.dictionary) {
      constexpr std::size_t kValues = 5;
      out.dictionary = std::make_shared<const Column>(column(*type.dictionary, 2, kValues, nulls));
      indices(out, rows, value_bytes(type.id), kValues);
    }
    return out;
  }

 private:
  std::byte* numbers(std::size_t bytes) {
    std::byte* out = arena_->make(bytes);
    for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::byte>(random_.below(256));
    return out;
  }
  std::uint8_t* bits(std::size_t rows) {
    return reinterpret_cast<std::uint8_t*>(numbers(bitmap_bytes(rows)));
  }
  void indices(Column& out, std::size_t rows, std::size_t width, std::uint32_t values) {
    std::byte* indices = arena_->make(rows * width);
    for (std::size_t row = 0; row < rows; ++row) {
      // Under a null row an index may be anything.
      const bool valid = out.validity == nullptr || get_bit(out.validity, row);
      indices[row * width] = static_cast<std::byte>(valid ? random_.below(values) : 0xff);
    }
    out.values = indices;
  }
  template <class Offset>
  void text(Column& out, std::size_t rows) {
    auto* offsets = reinterpret_cast<Offset*>(arena_->make((rows + 1) * sizeof(Offset)));
    for (std::size_t row = 0; row < rows; ++row) {
      offsets[row + 1] = offsets[row] + static_cast<Offset>(random_.below(9));
    }
    out.values = offsets;
    out.text = reinterpret_cast<const char*>(numbers(static_cast<std::size_t>(offsets[rows]) + 1));
  }
  void views(Column& out, std::size_t rows) {
    constexpr std::int64_t kTextBytes = 100;
    auto* views = reinterpret_cast<StringView16*>(numbers(rows * sizeof(StringView16)));
    auto& starts = arena_->starts.emplace_back();
    auto& sizes = arena_->sizes.emplace_back(3, kTextBytes);
    for (int i = 0; i < 3; ++i) starts.push_back(reinterpret_cast<char*>(numbers(kTextBytes)));
    for (std::size_t row = 0; row < rows; ++row) {
      if (out.validity != nullptr && !get_bit(out.validity, row)) continue;
      views[row].length = static_cast<std::int32_t>(random_.below(26));
      if (views[row].length <= StringView16::kInlineBytes) continue;
      // The middle buffer stays unused.
      views[row].buffer = static_cast<std::int32_t>(2 * random_.below(2));
      views[row].offset = static_cast<std::int32_t>(random_.below(75));
    }
    out.values = views;
    out.view_text = starts;
    out.view_text_bytes = sizes.data();
  }

  std::shared_ptr<Arena> arena_;
  Random random_;
};

Type plain(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Type encoded(TypeId index, const Type& values, bool ordered) {
  Type type = plain(index);
  type.dictionary = std::make_shared<const Type>(values);
  type.ordered = ordered;
  return type;
}

// A column of each type, then a dictionary of each type, under each kind of index.
Schema all_types() {
  std::vector<Type> types;
  for (int id = 0; id <= static_cast<int>(TypeId::kUtf8View); ++id) {
    types.push_back(plain(static_cast<TypeId>(id)));
  }
  for (const TimeUnit unit : {TimeUnit::kMilli, TimeUnit::kMicro, TimeUnit::kNano}) {
    Type type = plain(TypeId::kTimestamp);
    type.unit = unit;
    type.timezone = unit == TimeUnit::kNano ? "" : "Europe/Vienna";
    types.push_back(type);
  }
  for (std::size_t i = types.size(); i-- > 0;) {
    const auto index = static_cast<TypeId>(static_cast<std::size_t>(TypeId::kInt8) + i % 8);
    types.push_back(encoded(index, types[i], i % 3 == 0));
  }
  Schema schema;
  for (const Type& type : types) {
    schema.push_back({text("c", schema.size()), type, schema.size() % 2 == 0});
  }
  return schema;
}

Batch make_batch(const std::shared_ptr<const Schema>& schema, std::size_t offset,
                 std::size_t length, bool nulls, std::uint64_t seed) {
  const auto arena = std::make_shared<Arena>();
  Maker maker(arena, seed);
  Batch batch;
  batch.schema = schema;
  batch.length = length;
  batch.owner = arena;
  for (const Field& field : *schema) {
    batch.columns.push_back(maker.column(field.type, offset, length, nulls));
  }
  return batch;
}

Bytes written(const Schema& schema, std::span<const Batch> batches) {
  ByteWriter out;
  write_ipc(schema, batches, out);
  return out.take();
}

// A few columns of each kind, two batches.
Bytes small_stream() {
  const auto schema = std::make_shared<const Schema>(
      Schema{{"i", plain(TypeId::kInt16), true},
             {"s", plain(TypeId::kUtf8), true},
             {"v", plain(TypeId::kUtf8View), false},
             {"d", encoded(TypeId::kInt8, plain(TypeId::kUtf8), true), true}});
  const Batch batches[] = {make_batch(schema, 1, 5, true, 1), make_batch(schema, 0, 3, false, 2)};
  return written(*schema, batches);
}

}  // namespace

TEST("ipc: every type reads back as it was written, with nulls, as a slice, at any size") {
  const auto schema = std::make_shared<const Schema>(all_types());
  for (const std::size_t length : {0, 1, 7, 8, 9, 63, 64, 65}) {
    for (const std::size_t offset : {0, 1, 5, 8, 13}) {
      for (const bool nulls : {false, true}) {
        const Batch batches[] = {make_batch(schema, offset, length, nulls, length),
                                 make_batch(schema, 3, 2, nulls, offset)};
        const Bytes bytes = written(*schema, batches);
        const Batches read = read_ipc(bytes, nullptr);
        CHECK(*read.schema == *schema);
        CHECK(dump_rows(read.batches) == dump_rows(batches));
        CHECK(written(*schema, read.batches) == bytes);
      }
    }
  }
}

TEST("ipc: streams without batches, without columns, and of batches without rows") {
  const Schema schema = all_types();
  CHECK(*read_ipc(written(schema, {}), nullptr).schema == schema);
  CHECK(read_ipc(written(schema, {}), nullptr).batches.empty());
  const auto none = std::make_shared<const Schema>();
  const Batch rows = make_batch(none, 0, 7, false, 0);
  const Batches read = read_ipc(written(*none, {&rows, 1}), nullptr);
  CHECK(read.schema->empty() && read.batches.size() == 1 && read.batches[0].length == 7);
}

TEST("ipc: a stream in pieces of any size is the stream at once") {
  const Bytes bytes = small_stream();
  const Batches whole = read_ipc(bytes, nullptr);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{64}, bytes.size()}) {
    IpcReader reader;
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      CHECK(!reader.at_end());
      reader.push(std::span(bytes).subspan(i, std::min(piece, bytes.size() - i)));
      while (auto batch = reader.next()) batches.push_back(std::move(*batch));
    }
    reader.finish();
    CHECK(reader.at_end() && *reader.schema() == *whole.schema);
    CHECK(dump_rows(batches) == dump_rows(whole.batches));
    CHECK_ERROR("message 5: bytes after the end of the stream", reader.push(bytes));
    CHECK_ERROR("message 5: bytes after the end of the stream", reader.push({}));
  }
}

TEST("ipc: batches outlive the reader, and each keeps its own dictionary") {
  const auto schema = std::make_shared<const Schema>(
      Schema{{"d", encoded(TypeId::kUint8, plain(TypeId::kUtf8View), false), true}});
  const Batch first = make_batch(schema, 0, 9, true, 1);
  const Batch second = make_batch(schema, 2, 4, true, 2);
  Batch first_again = make_batch(schema, 0, 9, true, 1);
  const Batch sent[] = {first, first_again, second, first};
  std::vector<Batch> batches;
  {
    const Bytes bytes = written(*schema, sent);
    IpcReader reader;
    reader.push(bytes);
    while (auto batch = reader.next()) batches.push_back(std::move(*batch));
  }
  CHECK(dump_rows(batches) == dump_rows(sent));
  // Equal values are not sent twice.
  CHECK(batches[0].columns[0].dictionary == batches[1].columns[0].dictionary);
  CHECK(batches[0].columns[0].dictionary != batches[3].columns[0].dictionary);
}

TEST("ipc: columns point into aligned bytes, a misaligned body is copied once") {
  const auto schema = std::make_shared<const Schema>(Schema{{"x", plain(TypeId::kFloat64), true}});
  const Batch batch = make_batch(schema, 1, 10, true, 1);
  const Bytes bytes = written(*schema, {&batch, 1});
  Buffer memory(bytes.size() + 8);
  for (const std::size_t shift : {0, 1, 4, 8}) {
    std::copy(bytes.begin(), bytes.end(), memory.data() + shift);
    const Batches read = read_ipc({memory.data() + shift, bytes.size()}, nullptr);
    const auto* value = reinterpret_cast<const std::byte*>(read.batches[0].columns[0].values);
    const bool inside = value >= memory.data() && value < memory.data() + memory.size();
    CHECK(inside == (shift % 8 == 0));
    CHECK(shift != 0 || (value - memory.data()) % 64 == 0);
    CHECK(dump_rows(read.batches) == dump_rows({&batch, 1}));
  }
}

TEST("ipc: every truncation is an error or has fewer batches") {
  const Bytes bytes = small_stream();
  for (std::size_t size = 0; size + 8 < bytes.size(); ++size) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    try {
      CHECK(read_ipc(part, nullptr).batches.size() < 2);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kCorruptData);
    }
  }
  CHECK_ERROR("message 0: the stream ends before its schema", read_ipc({}, nullptr));
  CHECK_ERROR("message 0: the stream ends after 7 of the 8 bytes of its prefix",
              read_ipc(std::span(bytes).first(7), nullptr));
  CHECK_ERROR("of its metadata", read_ipc(std::span(bytes).first(20), nullptr));
  // The mark at the end may be missing.
  CHECK(read_ipc(std::span(bytes).first(bytes.size() - 8), nullptr).batches.size() == 2);
}

TEST("ipc: every damaged bit is refused, or leaves rows that can be read and written") {
  const Bytes bytes = small_stream();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    std::string rows;
    Bytes again;
    try {
      const Batches read = read_ipc(damaged, nullptr);
      rows = dump_rows(read.batches);
      again = written(*read.schema, read.batches);
    } catch (const Error&) {
      continue;
    }
    CHECK(dump_rows(read_ipc(again, nullptr).batches) == rows);
  }
}

TEST("ipc: the writer refuses what is not its schema's, by name") {
  Type nested = plain(TypeId::kStruct);
  nested.children = {{"a", plain(TypeId::kInt8), true}};
  CHECK_ERROR("column \"s\": type struct<a: int8> is not supported", written({{"s", nested}}, {}));
  const auto have = std::make_shared<const Schema>(Schema{{"x", plain(TypeId::kInt8), true}});
  Batch batch = make_batch(have, 0, 3, false, 1);
  const std::span<const Batch> one(&batch, 1);
  CHECK_ERROR("column \"x\": the stream has int16, the batch has \"x\" of int8",
              written({{"x", plain(TypeId::kInt16), true}}, one));
  CHECK_ERROR("the stream has 0 columns, the batch has 1", written({}, one));
  batch.length = 2;
  CHECK_ERROR("column \"x\": has 3 rows, its batch 2", written(*have, one));
}

}  // namespace kedge
