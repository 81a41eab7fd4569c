#include "kedge/arrow/batch.h"

#include <cstring>

#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// What a batch keeps alive: the producer's array, and the few buffers made while importing.
struct Memory {
  OwnedArray array;
  std::vector<Buffer> made;
  std::vector<std::unique_ptr<std::vector<const char*>>> pointers;
  std::shared_ptr<const void> parent;

  std::byte* make(std::size_t bytes) { return made.emplace_back(bytes).data(); }
};

struct Rows {
  std::size_t offset;
  std::size_t length;
};

class Importer {
 public:
  Importer(Memory& memory, const std::string& name) : memory_(memory), name_(name) {}

  Column column(const Type& type, const ArrowArray& array, std::optional<Rows> rows = {}) const {
    check_shape(array);
    if (type.id != TypeId::kOpaque) check_buffers(type, array);
    Column out;
    out.type = type.id;
    out.offset = static_cast<std::size_t>(array.offset);
    out.length = static_cast<std::size_t>(array.length);
    if (rows) narrow(out, *rows);
    if (type.id == TypeId::kOpaque) return out;
    if (array.null_count != 0) out.validity = static_cast<const std::uint8_t*>(array.buffers[0]);
    if (out.validity == nullptr && array.null_count > 0) {
      throw invalid_argument(where(), "null_count is ", array.null_count,
                             " and there is no validity buffer");
    }
    if (type.id == TypeId::kStruct) {
      import_children(type, array, out);
      return out;
    }
    import_values(array, out);
    if (is_string(type.id)) import_text(array, out);
    if (type.dictionary) {
      if (array.dictionary == nullptr) throw invalid_argument(where(), "the dictionary is missing");
      out.dictionary = std::make_shared<const Column>(column(*type.dictionary, *array.dictionary));
    }
    return out;
  }

 private:
  std::string where() const { return text("column \"", name_, "\": "); }

  void check_shape(const ArrowArray& array) const {
    if (array.release == nullptr) {
      throw invalid_argument(where(), "the Arrow array was already released");
    }
    // Keeps every number of bytes in a size_t: the longest value has 16.
    constexpr auto kMost = static_cast<std::int64_t>(~std::size_t{0} >> 6);
    if (array.length < 0 || array.offset < 0 || array.length > kMost || array.offset > kMost) {
      throw invalid_argument(where(), "length ", array.length, " and offset ", array.offset,
                             " must be from 0 to ", kMost);
    }
    if (array.null_count < -1 || array.null_count > array.length) {
      throw invalid_argument(where(), "null_count ", array.null_count, " of ", array.length,
                             " rows");
    }
  }

  void check_buffers(const Type& type, const ArrowArray& array) const {
    const std::int64_t least = type.id == TypeId::kStruct ? 1 : is_string(type.id) ? 3 : 2;
    const bool views = type.id == TypeId::kUtf8View;
    if (array.n_buffers < least || (!views && array.n_buffers > least) ||
        array.buffers == nullptr) {
      throw invalid_argument(where(), type_name(type), " has ", least, views ? " or more" : "",
                             " buffers, got ", array.n_buffers);
    }
  }

  void narrow(Column& out, Rows rows) const {
    if (rows.offset + rows.length > out.length) {
      throw invalid_argument(where(), "has ", out.length, " rows, its batch needs ",
                             rows.offset + rows.length);
    }
    out.offset += rows.offset;
    out.length = rows.length;
  }

  void import_children(const Type& type, const ArrowArray& array, Column& out) const {
    if (array.n_children != static_cast<std::int64_t>(type.children.size()) ||
        (array.n_children > 0 && array.children == nullptr)) {
      throw invalid_argument(where(), "the schema has ", type.children.size(),
                             " columns, the batch has ", array.n_children);
    }
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      const Field& field = type.children[i];
      const std::string name = name_.empty() ? field.name : text(name_, ".", field.name);
      if (array.children[i] == nullptr) {
        throw invalid_argument("column \"", name, "\": the Arrow array is null");
      }
      out.children.push_back(
          Importer(memory_, name)
              .column(field.type, *array.children[i], Rows{out.offset, out.length}));
    }
  }

  void import_values(const ArrowArray& array, Column& out) const {
    out.values = array.buffers[1];
    const bool offsets = out.type == TypeId::kUtf8 || out.type == TypeId::kLargeUtf8;
    if (out.values == nullptr) {
      if (out.length > 0) {
        throw invalid_argument(where(), "a null values buffer for ", out.length, " rows");
      }
      if (offsets) {  // a column without rows may come without its one offset
        out.values = memory_.make(sizeof(std::int64_t));
        out.offset = 0;
      }
      return;
    }
    const std::size_t width = value_bytes(out.type);
    const std::size_t alignment = width == 16 ? 8 : width;
    if (width == 0 || reinterpret_cast<std::uintptr_t>(out.values) % alignment == 0) return;
    const std::size_t bytes = (out.offset + out.length + (offsets ? 1 : 0)) * width;
    std::byte* copy = memory_.make(bytes);
    if (bytes > 0) std::memcpy(copy, out.values, bytes);
    out.values = copy;
  }

  void import_text(const ArrowArray& array, Column& out) const {
    if (out.type == TypeId::kUtf8View) {
      auto& pointers = *memory_.pointers.emplace_back(std::make_unique<std::vector<const char*>>());
      for (std::int64_t i = 2; i + 1 < array.n_buffers; ++i) {
        pointers.push_back(static_cast<const char*>(array.buffers[i]));
      }
      out.view_text = pointers;
      out.view_text_bytes = static_cast<const std::int64_t*>(array.buffers[array.n_buffers - 1]);
      return;
    }
    out.text = static_cast<const char*>(array.buffers[2]);
    const auto [first, last] =
        out.type == TypeId::kUtf8 ? ends<std::int32_t>(out) : ends<std::int64_t>(out);
    if (first < 0 || last < first) {
      throw invalid_argument(where(), "string offsets run from ", first, " to ", last);
    }
    if (out.text == nullptr && last > first) {
      throw invalid_argument(where(), "a null text buffer for ", last - first, " bytes");
    }
  }

  template <class Offset>
  static std::pair<std::int64_t, std::int64_t> ends(const Column& column) {
    const Offset* offsets = column.data<Offset>();
    return {offsets[0], offsets[column.length]};
  }

  Memory& memory_;
  const std::string& name_;
};

// Clears the bits of rows that the struct itself has null.
void merge_nulls(Memory& memory, const Column& parent, Column& child) {
  if (parent.null_count() == 0) return;
  auto* merged =
      reinterpret_cast<std::uint8_t*>(memory.make(bitmap_bytes(child.offset + child.length)));
  for (std::size_t row = 0; row < child.length; ++row) {
    if (!parent.is_null(row) && !child.is_null(row)) set_bit(merged, child.offset + row);
  }
  child.validity = merged;
}

}  // namespace

std::size_t row_count(const Batches& table) noexcept {
  std::size_t rows = 0;
  for (const Batch& batch : table.batches) rows += batch.length;
  return rows;
}

std::size_t find_column(const Schema& schema, std::string_view name) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].name == name) return i;
  }
  std::string names;
  for (const Field& field : schema) names += text(names.empty() ? "\"" : ", \"", field.name, "\"");
  throw invalid_argument("there is no column \"", name, "\"; the columns are ",
                         names.empty() ? "none" : names);
}

std::shared_ptr<const Schema> import_schema(const ArrowSchema& schema) {
  Field top = import_field(schema);
  if (top.type.id == TypeId::kStruct) {
    return std::make_shared<const Schema>(std::move(top.type.children));
  }
  check_readable(top);
  return std::make_shared<const Schema>(Schema{std::move(top)});
}

Batch import_batch(std::shared_ptr<const Schema> schema, OwnedArray array) {
  if (array.is_released()) throw invalid_argument("the Arrow array was already released");
  auto memory = std::make_shared<Memory>();
  const bool is_struct = array->n_buffers == 1 || array->n_children > 0;
  const std::string no_name;
  Batch batch;
  batch.length = array->length < 0 ? 0 : static_cast<std::size_t>(array->length);
  if (is_struct) {
    Type top;
    top.id = TypeId::kStruct;
    top.children = *schema;
    Column rows = Importer(*memory, no_name).column(top, *array);
    batch.columns = std::move(rows.children);
    for (Column& column : batch.columns) merge_nulls(*memory, rows, column);
  } else {
    if (schema->size() != 1) {
      throw invalid_argument("the schema has ", schema->size(), " columns, the array is one");
    }
    const Field& field = schema->front();
    batch.columns.push_back(Importer(*memory, field.name).column(field.type, *array));
  }
  memory->array = std::move(array);
  batch.schema = std::move(schema);
  batch.owner = std::move(memory);
  return batch;
}

Batch struct_batch(const Batch& batch, std::size_t i) {
  const Column& column = batch.columns[i];
  auto memory = std::make_shared<Memory>();
  Batch out;
  out.schema = std::make_shared<const Schema>(batch.field(i).type.children);
  out.length = column.length;
  out.columns = column.children;
  for (Column& child : out.columns) merge_nulls(*memory, column, child);
  memory->parent = batch.owner;
  out.owner = std::move(memory);
  return out;
}

BatchReader::BatchReader(OwnedStream stream) : stream_(std::move(stream)) {
  if (stream_.is_released()) throw invalid_argument("the Arrow stream was already consumed");
  OwnedSchema schema;
  if (stream_->get_schema(stream_.get(), schema.get()) != 0) {
    const char* reason = stream_->get_last_error(stream_.get());
    throw invalid_argument("the Arrow stream gives no schema: ", reason ? reason : "no reason");
  }
  schema_ = import_schema(*schema);
}

std::optional<Batch> BatchReader::next() {
  OwnedArray array;
  if (stream_->get_next(stream_.get(), array.get()) != 0) {
    const char* reason = stream_->get_last_error(stream_.get());
    throw invalid_argument("the Arrow stream broke off: ", reason ? reason : "no reason");
  }
  if (array.is_released()) return std::nullopt;
  return import_batch(schema_, std::move(array));
}

}  // namespace kedge
