#include "kedge/arrow/ipc_column.h"

#include <array>

#include "kedge/arrow/ipc_schema.h"
#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// Keeps every size below in 64 bits, and in the machine's own.
constexpr std::uint64_t kMostRows = ~std::size_t{0} >> 6;

// What the pointers of columns without rows lead to: offsets of zero, text of no bytes.
alignas(16) constexpr std::array<std::byte, 16> kNothing = {};

template <class T>
const T* cast(const std::byte* bytes) noexcept {
  return reinterpret_cast<const T*>(bytes);
}

template <class Visit>
void visit_index(TypeId type, const Visit& visit) {
  switch (type) {
    case TypeId::kInt8:
      return visit(std::int8_t{});
    case TypeId::kInt16:
      return visit(std::int16_t{});
    case TypeId::kInt32:
      return visit(std::int32_t{});
    case TypeId::kInt64:
      return visit(std::int64_t{});
    case TypeId::kUint8:
      return visit(std::uint8_t{});
    case TypeId::kUint16:
      return visit(std::uint16_t{});
    case TypeId::kUint32:
      return visit(std::uint32_t{});
    default:
      return visit(std::uint64_t{});
  }
}

}  // namespace

Column empty_ipc_column(TypeId type) noexcept {
  Column out;
  out.type = type;
  out.values = kNothing.data();
  out.text = cast<char>(kNothing.data());
  return out;
}

IpcColumns::IpcColumns(std::string_view part, const FlatTable& table,
                       std::span<const std::byte> body, IpcMemory& memory)
    : part_(part),
      body_(body),
      memory_(memory),
      nodes_(table.vector(RecordBatchSlot::kNodes, 16)),
      buffers_(table.vector(RecordBatchSlot::kBuffers, 16)),
      variadic_counts_(table.vector(RecordBatchSlot::kVariadicCounts, 8)) {
  refuse_compression(table);
  const auto rows = table.scalar<std::int64_t>(RecordBatchSlot::kLength, 0);
  if (rows < 0 || static_cast<std::uint64_t>(rows) > kMostRows) {
    throw corrupt_data(part_, ": claims ", rows, " rows, not from 0 to ", kMostRows);
  }
  rows_ = static_cast<std::size_t>(rows);
}

void IpcColumns::refuse_compression(const FlatTable& table) const {
  constexpr unsigned kCodecSlot = 0;
  const auto compression = table.table(RecordBatchSlot::kCompression);
  if (!compression) return;
  const auto codec = compression->scalar<std::int8_t>(kCodecSlot, 0);
  const std::string name = codec == 0 ? "lz4_frame" : codec == 1 ? "zstd" : text("number ", codec);
  throw unsupported(part_, ": compression ", name, " is not supported");
}

Column IpcColumns::read(std::string_view name, TypeId type) {
  name_ = name;
  const std::size_t null_count = next_node();
  Column out = empty_ipc_column(type);
  out.length = rows_;
  read_validity(out, null_count);
  if (type == TypeId::kUtf8) {
    read_text<std::int32_t>(out);
  } else if (type == TypeId::kLargeUtf8) {
    read_text<std::int64_t>(out);
  } else if (type == TypeId::kUtf8View) {
    read_views(out);
  } else {
    const std::size_t bytes =
        type == TypeId::kBool ? bitmap_bytes(rows_) : rows_ * value_bytes(type);
    out.values = need(next_buffer("values"), bytes, "values");
  }
  return out;
}

void IpcColumns::expect_end() const {
  const auto check = [&](std::string_view what, std::size_t used, std::size_t listed) {
    if (used == listed) return;
    throw corrupt_data(part_, ": lists ", listed, " ", what, ", its columns have ", used);
  };
  check("nodes", node_, nodes_.size());
  check("buffers", buffer_, buffers_.size());
  check("variadic buffer counts", variadic_, variadic_counts_.size());
}

std::string IpcColumns::where() const { return text(part_, ": column \"", name_, "\": "); }

std::size_t IpcColumns::next_node() {
  if (node_ == nodes_.size()) {
    throw corrupt_data(where(), "has no node, the message lists ", nodes_.size());
  }
  const auto length = nodes_.at<std::int64_t>(node_);
  const auto null_count = nodes_.at<std::int64_t>(node_, sizeof length);
  ++node_;
  if (length < 0 || static_cast<std::uint64_t>(length) != rows_) {
    throw corrupt_data(where(), "has ", length, " rows, its message ", rows_);
  }
  if (null_count < 0 || null_count > length) {
    throw corrupt_data(where(), "null_count ", null_count, " of ", length, " rows");
  }
  return static_cast<std::size_t>(null_count);
}

std::span<const std::byte> IpcColumns::next_buffer(std::string_view what) {
  if (buffer_ == buffers_.size()) {
    throw corrupt_data(where(), "has no ", what, " buffer, the message lists ", buffers_.size());
  }
  const auto offset = buffers_.at<std::int64_t>(buffer_);
  const auto length = buffers_.at<std::int64_t>(buffer_, sizeof offset);
  ++buffer_;
  const auto body = static_cast<std::int64_t>(body_.size());
  if (offset < 0 || length < 0 || offset > body || length > body - offset) {
    throw corrupt_data(where(), what, " buffer of ", length, " bytes at ", offset,
                       ", the body has ", body);
  }
  if (length == 0) return {};
  if (offset % 8 != 0) {
    throw corrupt_data(where(), what, " buffer starts at ", offset, ", not a multiple of 8");
  }
  // Columns that share bytes would let a small body stand for many large columns.
  used_ += static_cast<std::uint64_t>(length);
  if (used_ > body_.size()) throw corrupt_data(where(), what, " buffer overlaps another one");
  return body_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

const std::byte* IpcColumns::need(std::span<const std::byte> buffer, std::uint64_t bytes,
                                  std::string_view what) const {
  if (buffer.size() < bytes) {
    throw corrupt_data(where(), what, " buffer has ", buffer.size(), " bytes, ", rows_,
                       " rows need ", bytes);
  }
  return buffer.empty() ? kNothing.data() : buffer.data();
}

void IpcColumns::read_validity(Column& out, std::size_t null_count) {
  const auto buffer = next_buffer("validity");
  if (null_count == 0) return;
  out.validity = cast<std::uint8_t>(need(buffer, bitmap_bytes(rows_), "validity"));
  const std::size_t found = out.null_count();
  if (found != null_count) {
    throw corrupt_data(where(), "null_count is ", null_count, ", its validity has ", found,
                       " null rows");
  }
}

template <class Offset>
void IpcColumns::read_text(Column& out) {
  const auto buffer = next_buffer("offsets");
  // A column without rows may come without its one offset.
  const std::size_t count = rows_ == 0 && buffer.empty() ? 0 : rows_ + 1;
  out.values = need(buffer, count * sizeof(Offset), "offsets");
  const auto characters = next_buffer("text");
  out.text = cast<char>(need(characters, 0, "text"));
  const auto* offsets = static_cast<const Offset*>(out.values);
  bool rising = offsets[0] >= 0;
  for (std::size_t row = 0; row < rows_; ++row) rising &= offsets[row] <= offsets[row + 1];
  if (!rising) throw corrupt_data(where(), "string offsets are negative or fall");
  if (static_cast<std::uint64_t>(offsets[rows_]) > characters.size()) {
    throw corrupt_data(where(), "string offsets reach ", offsets[rows_], ", the text buffer has ",
                       characters.size(), " bytes");
  }
}

void IpcColumns::read_views(Column& out) {
  out.values = need(next_buffer("views"), rows_ * sizeof(StringView16), "views");
  if (variadic_ == variadic_counts_.size()) {
    throw corrupt_data(where(), "has no variadic buffer count, the message lists ",
                       variadic_counts_.size());
  }
  const auto count = variadic_counts_.at<std::int64_t>(variadic_++);
  if (count < 0 || static_cast<std::uint64_t>(count) > buffers_.size() - buffer_) {
    throw corrupt_data(where(), "claims ", count, " text buffers, the message has ",
                       buffers_.size() - buffer_, " more");
  }
  IpcMemory::Text& texts = memory_.text.emplace_back();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto characters = next_buffer("text");
    texts.starts.push_back(cast<char>(need(characters, 0, "text")));
    texts.bytes.push_back(static_cast<std::int64_t>(characters.size()));
  }
  out.view_text = texts.starts;
  out.view_text_bytes = texts.bytes.data();
  check_views(out);
}

void IpcColumns::check_views(const Column& column) const {
  const auto* views = column.data<StringView16>();
  for (std::size_t row = 0; row < rows_; ++row) {
    if (column.is_null(row)) continue;
    const StringView16& view = views[row];
    if (view.length < 0) throw corrupt_data(where(), "row ", row, " has length ", view.length);
    if (view.length <= StringView16::kInlineBytes) continue;
    if (view.buffer < 0 || static_cast<std::size_t>(view.buffer) >= column.view_text.size()) {
      throw corrupt_data(where(), "row ", row, " points into text buffer ", view.buffer, " of ",
                         column.view_text.size());
    }
    const std::int64_t bytes = column.view_text_bytes[view.buffer];
    if (view.offset < 0 || std::int64_t{view.offset} + view.length > bytes) {
      throw corrupt_data(where(), "row ", row, " has ", view.length, " bytes at ", view.offset,
                         ", text buffer ", view.buffer, " has ", bytes);
    }
  }
}

void IpcColumns::attach(std::string_view name, Column& column,
                        std::shared_ptr<const Column> dictionary) const {
  visit_index(column.type, [&](auto index) {
    check_indices<decltype(index)>(name, column, dictionary->length);
  });
  column.dictionary = std::move(dictionary);
}

template <class Index>
void IpcColumns::check_indices(std::string_view name, const Column& column,
                               std::size_t values) const {
  const auto* indices = column.data<Index>();
  // A negative index is a huge one as unsigned.
  const auto is_outside = [&](std::size_t row) {
    return static_cast<std::uint64_t>(indices[row]) >= values;
  };
  bool suspect = false;
  for (std::size_t row = 0; row < column.length; ++row) suspect |= is_outside(row);
  if (!suspect) return;
  std::size_t row = 0;
  while (row < column.length && (column.is_null(row) || !is_outside(row))) ++row;
  if (row == column.length) return;
  throw corrupt_data(part_, ": column \"", name, "\": row ", row, " has index ", indices[row],
                     ", the dictionary has ", values, " values");
}

}  // namespace kedge
