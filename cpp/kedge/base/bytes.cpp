#include "kedge/base/bytes.h"

#include "kedge/base/buffer.h"

namespace kedge {

void ByteReader::need(std::size_t offset, std::size_t length) const {
  if (offset <= bytes_.size() && length <= bytes_.size() - offset) return;
  throw corrupt_data(section_, ": needs ", length, " bytes at offset ", offset,
                     ", the section has ", bytes_.size());
}

std::uint64_t ByteReader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = read<std::uint8_t>();
    const std::uint64_t digit = byte & 0x7f;
    if (shift == 63 && digit > 1) break;
    value |= digit << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break;
      return value;
    }
  }
  throw corrupt_data(section_, ": no valid number ends at offset ", position_);
}

std::string_view ByteReader::read_string() {
  const std::uint64_t length = read_varint();
  if (length > remaining()) {
    throw corrupt_data(section_, ": a string of ", length, " bytes at offset ", position_,
                       ", the section has ", bytes_.size());
  }
  return as_text(read_bytes(static_cast<std::size_t>(length)));
}

void ByteReader::expect_end() const {
  if (remaining() == 0) return;
  throw corrupt_data(section_, ": ", remaining(), " bytes after the end at offset ", position_);
}

// Not inline: GCC 12 takes the growth of a vector it can see through for a mistake.
void ByteWriter::write_bytes(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void ByteWriter::reserve(std::size_t more) {
  bytes_.reserve(bytes_.size() + more);
  ask_for_large_pages(bytes_.data(), bytes_.capacity());
}

void ByteWriter::write_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) write(static_cast<std::uint8_t>(value | 0x80));
  write(static_cast<std::uint8_t>(value));
}

void ByteWriter::write_string(std::string_view value) {
  write_varint(value.size());
  write_bytes(as_bytes(value));
}

}  // namespace kedge
