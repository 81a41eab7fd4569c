// Any bytes are an Arrow stream or a kedge::Error, the same at once, in pieces and misaligned; and
// what was read is what is read again after writing it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "../arrow/rows.h"
#include "kedge/arrow/ipc.h"
#include "kedge/base/error.h"

namespace {

using namespace kedge;

void require(bool law) {
  if (!law) __builtin_trap();
}

std::optional<Batches> read_at_once(std::span<const std::byte> bytes) {
  try {
    return read_ipc(bytes, nullptr);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<Batches> read_in_pieces(std::span<const std::byte> bytes) {
  const std::size_t piece = 1 + bytes.size() % 61;
  try {
    IpcReader reader;
    Batches out;
    while (!bytes.empty()) {
      const std::size_t taken = std::min(piece, bytes.size());
      reader.push(bytes.first(taken));
      bytes = bytes.subspan(taken);
      while (auto batch = reader.next()) out.batches.push_back(std::move(*batch));
    }
    reader.finish();
    out.schema = reader.schema();
    return out;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto read = read_at_once(bytes);
  const auto pieces = read_in_pieces(bytes);
  require(read.has_value() == pieces.has_value());
  if (!read) return 0;
  const std::string rows = test::dump_rows(read->batches);
  require(*read->schema == *pieces->schema && rows == test::dump_rows(pieces->batches));

  std::vector<std::byte> shifted(size + 1);
  std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
  require(rows == test::dump_rows(read_ipc(std::span(shifted).subspan(1), nullptr).batches));

  ByteWriter written;
  write_ipc(*read->schema, read->batches, written);
  const Batches again = read_ipc(written.view(), nullptr);
  require(*read->schema == *again.schema && rows == test::dump_rows(again.batches));
  return 0;
}
