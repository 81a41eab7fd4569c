#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

#include "kedge/arrow/ipc.h"
#include "kedge/arrow/ipc_column.h"
#include "kedge/arrow/ipc_schema.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kPrefixBytes = 8;  // the mark and the metadata's length
constexpr IpcLimits kNoLimits = {~std::size_t{0}, ~std::size_t{0}};

std::string_view header_name(std::uint8_t header) noexcept {
  constexpr std::array<std::string_view, 6> kNames = {"no header",    "schema", "dictionary batch",
                                                      "record batch", "tensor", "sparse tensor"};
  return header < kNames.size() ? kNames[header] : "unknown header";
}

class Message {
 public:
  Message(std::span<const std::byte> metadata, std::size_t number)
      : bytes_(metadata, text("message ", number)), table_(bytes_) {
    const auto version = table_.scalar<std::int16_t>(MessageSlot::kVersion, 0);
    const auto code = table_.scalar<std::uint8_t>(MessageSlot::kHeaderType, 0);
    part_ = text("message ", number, " (", header_name(code), ")");
    if (version != kIpcV4 && version != kIpcV5) {
      throw unsupported(part_, ": metadata version V", version + 1, " is not V4 or V5");
    }
    header_ = static_cast<IpcHeader>(code);
    if (header_ == IpcHeader::kTensor || header_ == IpcHeader::kSparseTensor) {
      throw unsupported(part_, ": only schemas and batches are supported");
    }
    if (header_ == IpcHeader::kNone || header_ > IpcHeader::kSparseTensor) {
      throw corrupt_data(part_, ": header type ", code, " is not from 1 to 5");
    }
  }

  IpcHeader header() const noexcept { return header_; }
  const std::string& part() const noexcept { return part_; }
  FlatTable content() const {
    const auto content = table_.table(MessageSlot::kHeader);
    if (!content) throw corrupt_data(part_, ": has no header");
    return *content;
  }
  std::size_t body_bytes(std::size_t limit) const {
    const auto bytes = table_.scalar<std::int64_t>(MessageSlot::kBodyLength, 0);
    if (bytes < 0) throw corrupt_data(part_, ": claims a body of ", bytes, " bytes");
    if (static_cast<std::uint64_t>(bytes) > limit) {
      throw resource_exhausted(part_, ": its body has ", bytes, " bytes, the limit is ", limit);
    }
    return static_cast<std::size_t>(bytes);
  }

 private:
  FlatBytes bytes_;
  FlatTable table_;
  std::string part_;
  IpcHeader header_ = IpcHeader::kNone;
};

// Everything a stream is, apart from how its bytes arrive: the caller brings the next needed()
// bytes to take(), again and again.
class Decoder {
 public:
  explicit Decoder(IpcLimits limits) : limits_(limits) {}

  const std::shared_ptr<const Schema>& schema() const noexcept { return stream_.schema; }
  bool at_end() const noexcept { return next_ == Part::kEnd; }
  // Never 0. Throws CorruptData at the end of the stream.
  std::size_t needed() const;
  // `bytes` must live until the next call, and as long as `owner` does when they are a body.
  std::optional<Batch> take(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  // Throws unless the stream may end when `had` of the needed bytes are there.
  void finish(std::size_t had) const;

 private:
  enum class Part { kPrefix, kMetadata, kBody, kEnd };

  void take_prefix(std::span<const std::byte> bytes);
  std::optional<Batch> take_body(std::span<const std::byte> body,
                                 std::shared_ptr<const void> owner);
  void read_dictionary(const Message& message, std::span<const std::byte> body,
                       std::shared_ptr<IpcMemory> memory);
  Batch read_batch(const Message& message, std::span<const std::byte> body,
                   std::shared_ptr<IpcMemory> memory) const;
  std::shared_ptr<const Column> dictionary_of(std::size_t column) const;

  IpcLimits limits_;
  Part next_ = Part::kPrefix;
  std::size_t needed_ = kPrefixBytes;
  std::size_t number_ = 0;
  std::span<const std::byte> metadata_;
  std::shared_ptr<const void> metadata_owner_;
  IpcSchema stream_;
  std::map<std::int64_t, std::shared_ptr<const Column>> dictionaries_;
};

std::size_t Decoder::needed() const {
  if (!at_end()) return needed_;
  throw corrupt_data("message ", number_, ": bytes after the end of the stream");
}

std::optional<Batch> Decoder::take(std::span<const std::byte> bytes,
                                   std::shared_ptr<const void> owner) {
  if (next_ == Part::kPrefix) {
    take_prefix(bytes);
    return std::nullopt;
  }
  if (next_ == Part::kMetadata) {
    metadata_ = bytes;
    metadata_owner_ = owner;
    needed_ = Message(bytes, number_).body_bytes(limits_.body_bytes);
    next_ = Part::kBody;
    if (needed_ > 0) return std::nullopt;
    bytes = {};
  }
  auto batch = take_body(bytes, std::move(owner));
  next_ = Part::kPrefix;
  needed_ = kPrefixBytes;
  ++number_;
  return batch;
}

void Decoder::take_prefix(std::span<const std::byte> bytes) {
  const ByteReader reader(bytes, text("message ", number_));
  const auto mark = reader.at<std::uint32_t>(0);
  const auto length = reader.at<std::int32_t>(4);
  if (number_ == 0 && as_text(bytes).starts_with("ARROW1")) {
    throw unsupported("message 0: the bytes are an Arrow file, not a stream");
  }
  if (mark != kIpcMark) {
    // Before version 0.15 the length came first, and it padded length and metadata to eight bytes.
    if (number_ == 0 && mark % 8 == 4 && mark <= limits_.metadata_bytes) {
      throw unsupported(
          "message 0: no 0xFFFFFFFF mark; streams of before Arrow 0.15 have none and "
          "are not supported");
    }
    throw corrupt_data("message ", number_, ": starts with ", mark, ", not with the mark ",
                       kIpcMark);
  }
  if (length < 0) {
    throw corrupt_data("message ", number_, ": claims metadata of ", length, " bytes");
  }
  needed_ = static_cast<std::size_t>(length);
  if (needed_ > limits_.metadata_bytes) {
    throw resource_exhausted("message ", number_, ": its metadata has ", length,
                             " bytes, the limit is ", limits_.metadata_bytes);
  }
  next_ = needed_ == 0 ? Part::kEnd : Part::kMetadata;
}

// The body as columns may point into it.
std::span<const std::byte> place(std::span<const std::byte> body, IpcMemory& memory,
                                 std::shared_ptr<const void> owner) {
  if (reinterpret_cast<std::uintptr_t>(body.data()) % 8 == 0) {
    memory.source = std::move(owner);
    return body;
  }
  memory.copy = Buffer(body.size());
  std::memcpy(memory.copy.data(), body.data(), body.size());
  return {memory.copy.data(), body.size()};
}

std::optional<Batch> Decoder::take_body(std::span<const std::byte> body,
                                        std::shared_ptr<const void> owner) {
  const Message message(metadata_, number_);
  if (message.header() == IpcHeader::kSchema) {
    if (schema()) throw corrupt_data(message.part(), ": the stream has a schema already");
    stream_ = read_ipc_schema(message.content(), message.part());
    return std::nullopt;
  }
  if (!schema()) throw corrupt_data(message.part(), ": comes before the schema");
  auto memory = std::make_shared<IpcMemory>();
  body = place(body, *memory, std::move(owner));
  if (message.header() == IpcHeader::kRecordBatch) {
    return read_batch(message, body, std::move(memory));
  }
  read_dictionary(message, body, std::move(memory));
  return std::nullopt;
}

void Decoder::read_dictionary(const Message& message, std::span<const std::byte> body,
                              std::shared_ptr<IpcMemory> memory) {
  struct Dictionary {
    Column values;
    std::shared_ptr<const IpcMemory> memory;
  };
  const FlatTable table = message.content();
  const auto id = table.scalar<std::int64_t>(DictionaryBatchSlot::kId, 0);
  const auto user = stream_.dictionary_columns.find(id);
  if (user == stream_.dictionary_columns.end()) {
    throw corrupt_data(message.part(), ": no column has dictionary ", id);
  }
  const Field& field = (*schema())[user->second];
  if (table.scalar<std::uint8_t>(DictionaryBatchSlot::kIsDelta, 0) != 0) {
    throw unsupported(message.part(), ": column \"", field.name,
                      "\": a delta dictionary is not supported");
  }
  const auto data = table.table(DictionaryBatchSlot::kData);
  if (!data) throw corrupt_data(message.part(), ": column \"", field.name, "\": has no data");
  IpcColumns columns(message.part(), *data, body, *memory);
  auto made = std::make_shared<Dictionary>();
  made->values = columns.read(field.name, field.type.dictionary->id);
  columns.expect_end();
  made->memory = std::move(memory);
  dictionaries_[id] = std::shared_ptr<const Column>(made, &made->values);
}

Batch Decoder::read_batch(const Message& message, std::span<const std::byte> body,
                          std::shared_ptr<IpcMemory> memory) const {
  IpcColumns columns(message.part(), message.content(), body, *memory);
  Batch batch;
  batch.schema = schema();
  batch.length = columns.rows();
  for (std::size_t i = 0; i < schema()->size(); ++i) {
    const Field& field = batch.field(i);
    Column column = columns.read(field.name, field.type.id);
    if (field.type.dictionary) {
      auto dictionary = dictionary_of(i);
      memory->dictionaries.push_back(dictionary);
      columns.attach(field.name, column, std::move(dictionary));
    }
    batch.columns.push_back(std::move(column));
  }
  columns.expect_end();
  batch.owner = std::move(memory);
  return batch;
}

std::shared_ptr<const Column> Decoder::dictionary_of(std::size_t column) const {
  const auto found = dictionaries_.find(*stream_.dictionary_ids[column]);
  if (found != dictionaries_.end()) return found->second;
  // A stream need not send a dictionary that no row uses.
  return std::make_shared<const Column>(empty_ipc_column((*schema())[column].type.dictionary->id));
}

void Decoder::finish(std::size_t had) const {
  if (next_ == Part::kMetadata || next_ == Part::kBody || had > 0) {
    const std::string_view part = next_ == Part::kMetadata ? "metadata"
                                  : next_ == Part::kBody   ? "body"
                                                           : "prefix";
    throw corrupt_data("message ", number_, ": the stream ends after ", had, " of the ", needed_,
                       " bytes of its ", part);
  }
  if (!schema()) throw corrupt_data("message ", number_, ": the stream ends before its schema");
}

}  // namespace

Batches read_ipc(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  Decoder decoder(kNoLimits);
  Batches out;
  while (!bytes.empty()) {
    const std::size_t needed = decoder.needed();
    if (bytes.size() < needed) break;
    auto batch = decoder.take(bytes.first(needed), owner);
    if (batch) out.batches.push_back(std::move(*batch));
    bytes = bytes.subspan(needed);
  }
  decoder.finish(bytes.size());
  out.schema = decoder.schema();
  return out;
}

struct IpcReader::State {
  explicit State(IpcLimits limits) : decoder(limits) {}

  void accept(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const std::size_t needed = decoder.needed();
      const std::size_t taken = std::min(bytes.size(), needed - part.size());
      reserve(part.size() + taken, needed);
      part.insert(part.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
      bytes = bytes.subspan(taken);
      if (part.size() < needed) return;
      const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(part));
      part = {};
      auto batch = decoder.take(*owner, owner);
      if (batch) ready.push_back(std::move(*batch));
    }
  }
  // Doubles, up to what is claimed: a claim alone allocates nothing.
  void reserve(std::size_t used, std::size_t claimed) {
    if (part.capacity() < used) part.reserve(std::min(claimed, std::max(used, 2 * used)));
  }

  Decoder decoder;
  std::vector<std::byte> part;  // what has arrived of the bytes that the decoder needs
  std::deque<Batch> ready;
  std::optional<Error> error;
};

// Bodies are read where a vector of bytes puts them.
static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= 8);

IpcReader::IpcReader(IpcLimits limits) : state_(std::make_unique<State>(limits)) {}
IpcReader::IpcReader(IpcReader&&) noexcept = default;
IpcReader& IpcReader::operator=(IpcReader&&) noexcept = default;
IpcReader::~IpcReader() = default;

void IpcReader::push(std::span<const std::byte> bytes) {
  if (state_->error) throw *state_->error;
  try {
    state_->accept(bytes);
  } catch (const Error& error) {
    state_->error = error;
    throw;
  }
}

std::optional<Batch> IpcReader::next() {
  if (state_->ready.empty()) return std::nullopt;
  std::optional<Batch> batch = std::move(state_->ready.front());
  state_->ready.pop_front();
  return batch;
}

void IpcReader::finish() {
  if (state_->error) throw *state_->error;
  state_->decoder.finish(state_->part.size());
}

const std::shared_ptr<const Schema>& IpcReader::schema() const noexcept {
  return state_->decoder.schema();
}
bool IpcReader::at_end() const noexcept { return state_->decoder.at_end(); }

}  // namespace kedge
