// The Arrow IPC stream format for flat columns, read and written without any library.
//
// Read are metadata V5 and V4 of every type in TypeId but struct, and dictionaries of them, which
// later batches may replace. Refused as Unsupported, by name: other types, compressed bodies, delta
// dictionaries, big-endian data, the framing from before Arrow 0.15, the Arrow file format.
// Field and message metadata is dropped.
//
// Nothing in the bytes is believed: lengths, offsets, bitmaps, string offsets, views and dictionary
// indices are checked, so columns may be walked without care. Two things are not checked: text may
// be any bytes, UTF-8 or not, and views and indices of null rows may hold anything. Errors are
// CorruptData, Unsupported or ResourceExhausted and name the message and the column. What is
// allocated is a small multiple of the bytes that came in, whatever they claim.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/bytes.h"

namespace kedge {

// A whole stream; the mark at its end may be missing. Columns point into `bytes`, which `owner`
// keeps alive, except where a message body does not start on a multiple of eight bytes in memory:
// that body is copied.
Batches read_ipc(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner);

// Of one message. Beyond them push() throws ResourceExhausted.
struct IpcLimits {
  std::size_t metadata_bytes = std::size_t{1} << 24;
  std::size_t body_bytes = std::size_t{1} << 30;
};

// A stream that arrives in pieces of any size. Bodies are copied into memory that their batches
// own. Thread safety: one thread at a time; batches that came out are free of it.
class IpcReader {
 public:
  explicit IpcReader(IpcLimits limits = {});
  IpcReader(IpcReader&&) noexcept;
  IpcReader& operator=(IpcReader&&) noexcept;
  ~IpcReader();

  // Takes all of `bytes`. An Error is final: every later push throws it again; the batches that
  // were complete before it still come out of next().
  void push(std::span<const std::byte> bytes);
  // The oldest complete batch that was not yet taken.
  std::optional<Batch> next();
  // States that no more bytes come. Throws CorruptData inside a message or before the schema.
  void finish();

  // Null until it has arrived.
  const std::shared_ptr<const Schema>& schema() const noexcept;
  // Whether the mark at the end has arrived; bytes after it are CorruptData.
  bool at_end() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes the schema at once, then batches, then the mark at the end. Metadata V5, buffers on
// multiples of 64 bytes from the start. Of a column with an offset only its rows are written. A
// dictionary is written before its first use and again when its values change. Equal input gives
// equal bytes.
class IpcWriter {
 public:
  // `out` must outlive the writer. Throws Unsupported with the name of a struct column.
  IpcWriter(Schema schema, ByteWriter& out);

  // Throws InvalidArgument when the batch's columns are not those of the schema.
  void write(const Batch& batch);
  // Nothing may be written after it.
  void finish();

 private:
  // The dictionary that readers hold for a column. Column and owner keep its memory, so that an
  // equal pointer means equal values.
  struct Sent {
    std::shared_ptr<const Column> dictionary;
    std::shared_ptr<const void> owner;
    std::vector<std::byte> message;
  };
  void check(const Batch& batch) const;
  void send_dictionary(std::size_t i, const Batch& batch);

  Schema schema_;
  ByteWriter* out_;
  std::vector<Sent> sent_;  // one for each column
};

void write_ipc(const Schema& schema, std::span<const Batch> batches, ByteWriter& out);

}  // namespace kedge
