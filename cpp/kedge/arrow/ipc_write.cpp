#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <limits>

#include "kedge/arrow/ipc.h"
#include "kedge/arrow/ipc_schema.h"
#include "kedge/base/bits.h"
#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// What Arrow's specification recommends for buffers.
constexpr std::size_t kAlignment = 64;
constexpr std::array<std::byte, kAlignment> kZeros = {};

using Bytes = std::span<const std::byte>;

std::size_t padding(std::size_t bytes) noexcept {
  return (kAlignment - bytes % kAlignment) % kAlignment;
}

void write_padded(Bytes bytes, ByteWriter& out) {
  out.write_bytes(bytes);
  out.write_bytes(Bytes(kZeros).first(padding(bytes.size())));
}

// The buffers of one batch: nothing is copied but what a slice makes different.
class Body {
 public:
  void add(const Column& column);
  std::size_t bytes() const noexcept { return bytes_; }
  // Adds the RecordBatch table.
  std::size_t add_table(FlatBuilder& builder, std::size_t rows) const;
  void write(ByteWriter& out) const {
    for (const Bytes piece : pieces_) write_padded(piece, out);
  }

 private:
  void add_buffer(Bytes buffer);
  void add_bits(const std::uint8_t* bitmap, const Column& column);
  template <class Offset>
  void add_text(const Column& column);
  void add_views(const Column& column);
  template <class T>
  std::span<T> make(std::size_t count) {
    return made_.emplace_back(count * sizeof(T)).template as<T>();
  }

  std::vector<std::int64_t> nodes_;
  std::vector<std::int64_t> buffers_;
  std::vector<std::int64_t> variadic_counts_;
  std::vector<Bytes> pieces_;
  std::deque<Buffer> made_;
  std::size_t bytes_ = 0;
};

void Body::add_buffer(Bytes buffer) {
  buffers_.push_back(static_cast<std::int64_t>(bytes_));
  buffers_.push_back(static_cast<std::int64_t>(buffer.size()));
  pieces_.push_back(buffer);
  bytes_ += buffer.size() + padding(buffer.size());
}

void Body::add(const Column& column) {
  const std::size_t nulls = column.null_count();
  nodes_.push_back(static_cast<std::int64_t>(column.length));
  nodes_.push_back(static_cast<std::int64_t>(nulls));
  if (nulls == 0) {
    add_buffer({});
  } else {
    add_bits(column.validity, column);
  }
  const std::size_t width = value_bytes(column.type);
  if (column.type == TypeId::kBool) {
    add_bits(static_cast<const std::uint8_t*>(column.values), column);
  } else if (column.type == TypeId::kUtf8) {
    add_text<std::int32_t>(column);
  } else if (column.type == TypeId::kLargeUtf8) {
    add_text<std::int64_t>(column);
  } else if (column.type == TypeId::kUtf8View) {
    add_views(column);
  } else if (column.length == 0) {
    add_buffer({});
  } else {
    add_buffer({static_cast<const std::byte*>(column.values) + column.offset * width,
                column.length * width});
  }
}

// The column's bits from the first on, the rest of the last byte zero.
void Body::add_bits(const std::uint8_t* bitmap, const Column& column) {
  const std::size_t bytes = bitmap_bytes(column.length);
  const auto bits = make<std::uint8_t>(bytes);
  const std::size_t shift = column.offset % 8;
  const std::size_t source_bytes = bitmap_bytes(shift + column.length);
  const std::uint8_t* source = bytes == 0 ? nullptr : bitmap + column.offset / 8;
  for (std::size_t i = 0; i < bytes; ++i) {
    const unsigned high = i + 1 < source_bytes ? source[i + 1] : 0u;
    bits[i] = static_cast<std::uint8_t>((high << 8 | source[i]) >> shift);
  }
  const std::size_t rest = column.length % 8;
  if (rest != 0) bits[bytes - 1] = static_cast<std::uint8_t>(bits[bytes - 1] & ((1u << rest) - 1));
  add_buffer(std::as_bytes(bits));
}

template <class Offset>
void Body::add_text(const Column& column) {
  if (column.length == 0) {
    add_buffer(Bytes(kZeros).first(sizeof(Offset)));
    add_buffer({});
    return;
  }
  const std::span<const Offset> offsets(column.data<Offset>(), column.length + 1);
  const Offset first = offsets.front();
  if (first == 0) {
    add_buffer(std::as_bytes(offsets));
  } else {
    const auto rebased = make<Offset>(offsets.size());
    for (std::size_t i = 0; i < offsets.size(); ++i) rebased[i] = offsets[i] - first;
    add_buffer(std::as_bytes(rebased));
  }
  const auto length = static_cast<std::size_t>(offsets.back() - first);
  add_buffer(length == 0 ? Bytes() : as_bytes({column.text + first, length}));
}

// Of each text buffer the range that rows point to is written; a buffer without one is left out.
void Body::add_views(const Column& column) {
  struct Range {
    std::int32_t first = std::numeric_limits<std::int32_t>::max();
    std::int64_t last = 0;
    std::int32_t buffer = 0;
  };
  const auto copies = make<StringView16>(column.length);
  const auto is_long = [&](std::size_t row) {
    return copies[row].length > StringView16::kInlineBytes;
  };
  std::vector<Range> ranges(column.view_text.size());
  for (std::size_t row = 0; row < column.length; ++row) {
    if (column.is_null(row)) continue;  // its view may be anything, zeros are written
    const StringView16& view = copies[row] = column.data<StringView16>()[row];
    if (!is_long(row)) continue;
    Range& range = ranges[static_cast<std::size_t>(view.buffer)];
    range.first = std::min(range.first, view.offset);
    range.last = std::max(range.last, std::int64_t{view.offset} + view.length);
  }
  add_buffer(std::as_bytes(copies));
  std::int32_t used = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    Range& range = ranges[i];
    if (range.last == 0) continue;
    range.buffer = used++;
    add_buffer(as_bytes(
        {column.view_text[i] + range.first, static_cast<std::size_t>(range.last - range.first)}));
  }
  variadic_counts_.push_back(used);
  for (std::size_t row = 0; row < column.length; ++row) {
    if (!is_long(row)) continue;
    const Range& range = ranges[static_cast<std::size_t>(copies[row].buffer)];
    copies[row].buffer = range.buffer;
    copies[row].offset -= range.first;
  }
}

std::size_t Body::add_table(FlatBuilder& builder, std::size_t rows) const {
  constexpr std::size_t kInStruct =
      2;  // a node's length and null count, a buffer's offset and length
  std::size_t nodes = 0;
  std::size_t buffers = 0;
  std::size_t counts = 0;
  const auto length =
      FlatBuilder::scalar(RecordBatchSlot::kLength, static_cast<std::int64_t>(rows));
  const auto nodes_field = FlatBuilder::reference(RecordBatchSlot::kNodes, nodes);
  const auto buffers_field = FlatBuilder::reference(RecordBatchSlot::kBuffers, buffers);
  const auto counts_field = FlatBuilder::reference(RecordBatchSlot::kVariadicCounts, counts);
  // Readers older than utf8_view know no counts.
  const std::size_t table =
      variadic_counts_.empty()
          ? builder.add_table({length, nodes_field, buffers_field})
          : builder.add_table({length, nodes_field, buffers_field, counts_field});
  builder.connect(nodes, builder.add_int64s(nodes_, kInStruct));
  builder.connect(buffers, builder.add_int64s(buffers_, kInStruct));
  if (!variadic_counts_.empty()) builder.connect(counts, builder.add_int64s(variadic_counts_, 1));
  return table;
}

// Starts a message; the answer is where its header's table is to be connected.
std::size_t add_message(FlatBuilder& builder, IpcHeader header, std::size_t body_bytes) {
  std::size_t content = 0;
  builder.add_table(
      {FlatBuilder::scalar(MessageSlot::kVersion, kIpcV5),
       FlatBuilder::scalar(MessageSlot::kHeaderType, header),
       FlatBuilder::reference(MessageSlot::kHeader, content),
       FlatBuilder::scalar(MessageSlot::kBodyLength, static_cast<std::int64_t>(body_bytes))});
  return content;
}

// The prefix and the metadata, together a multiple of the alignment.
void write_metadata(const FlatBuilder& builder, ByteWriter& out) {
  constexpr std::size_t kPrefixBytes = 8;
  const Bytes metadata = builder.view();
  const std::size_t pad = padding(kPrefixBytes + metadata.size());
  if (metadata.size() + pad > std::size_t{std::numeric_limits<std::int32_t>::max()}) {
    throw resource_exhausted("Arrow stream: metadata of ", metadata.size(),
                             " bytes, the format ends at 2^31");
  }
  out.write(kIpcMark);
  out.write(static_cast<std::int32_t>(metadata.size() + pad));
  out.write_bytes(metadata);
  out.write_bytes(Bytes(kZeros).first(pad));
}

void check_writable(const Field& field) {
  const Type* values = field.type.dictionary.get();
  check_readable(field);
  const bool is_plain = field.type.id < TypeId::kStruct;
  const bool is_encoded = values != nullptr && is_integer(field.type.id) && !values->dictionary &&
                          values->id != TypeId::kStruct;
  if (is_plain && (values == nullptr || is_encoded)) return;
  throw unsupported("column \"", field.name, "\": type ", type_name(field.type),
                    " is not supported in an Arrow stream");
}

}  // namespace

IpcWriter::IpcWriter(Schema schema, ByteWriter& out)
    : schema_(std::move(schema)), out_(&out), sent_(schema_.size()) {
  for (const Field& field : schema_) check_writable(field);
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kSchema, 0);
  builder.connect(content, add_ipc_schema(builder, schema_));
  write_metadata(builder, *out_);
}

void IpcWriter::check(const Batch& batch) const {
  if (batch.columns.size() != schema_.size() || batch.schema->size() != schema_.size()) {
    throw invalid_argument("the stream has ", schema_.size(), " columns, the batch has ",
                           batch.columns.size());
  }
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    const Field& field = schema_[i];
    const Column& column = batch.columns[i];
    if (batch.field(i).name != field.name || !(batch.field(i).type == field.type)) {
      throw invalid_argument("column \"", field.name, "\": the stream has ", type_name(field.type),
                             ", the batch has \"", batch.field(i).name, "\" of ",
                             type_name(batch.field(i).type));
    }
    if (column.length != batch.length) {
      throw invalid_argument("column \"", field.name, "\": has ", column.length,
                             " rows, its batch ", batch.length);
    }
    if (field.type.dictionary && !column.dictionary) {
      throw invalid_argument("column \"", field.name, "\": the dictionary is missing");
    }
  }
}

void IpcWriter::send_dictionary(std::size_t i, const Batch& batch) {
  const Column& column = batch.columns[i];
  Sent& sent = sent_[i];
  if (sent.dictionary == column.dictionary) return;
  Body body;
  body.add(*column.dictionary);
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kDictionaryBatch, body.bytes());
  std::size_t data = 0;
  const std::size_t table = builder.add_table(
      {FlatBuilder::scalar(DictionaryBatchSlot::kId, static_cast<std::int64_t>(i)),
       FlatBuilder::reference(DictionaryBatchSlot::kData, data),
       FlatBuilder::scalar(DictionaryBatchSlot::kIsDelta, false)});
  builder.connect(content, table);
  builder.connect(data, body.add_table(builder, column.dictionary->length));
  ByteWriter message;
  write_metadata(builder, message);
  body.write(message);
  sent.dictionary = column.dictionary;
  sent.owner = batch.owner;
  if (std::ranges::equal(sent.message, message.view())) return;
  sent.message = message.take();
  out_->write_bytes(sent.message);
}

void IpcWriter::write(const Batch& batch) {
  check(batch);
  Body body;
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].type.dictionary) send_dictionary(i, batch);
    body.add(batch.columns[i]);
  }
  FlatBuilder builder;
  const std::size_t content = add_message(builder, IpcHeader::kRecordBatch, body.bytes());
  builder.connect(content, body.add_table(builder, batch.length));
  write_metadata(builder, *out_);
  body.write(*out_);
}

void IpcWriter::finish() {
  out_->write(kIpcMark);
  out_->write(std::int32_t{0});
}

void write_ipc(const Schema& schema, std::span<const Batch> batches, ByteWriter& out) {
  IpcWriter writer(schema, out);
  for (const Batch& batch : batches) writer.write(batch);
  writer.finish();
}

}  // namespace kedge
