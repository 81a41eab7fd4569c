#include "kedge/base/protobuf_write.h"

#include <cstring>

#include "kedge/base/bytes.h"

namespace kedge {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kBytes = 2;
constexpr std::uint32_t kFixed32 = 5;

}  // namespace

void ProtoWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_->push_back(static_cast<std::byte>(value | 0x80));
  out_->push_back(static_cast<std::byte>(value));
}

void ProtoWriter::append(std::span<const std::byte> value) {
  out_->insert(out_->end(), value.begin(), value.end());
}

void ProtoWriter::integer(std::uint32_t field, std::uint64_t value) {
  tag(field, kVarint);
  varint(value);
}

void ProtoWriter::float64(std::uint32_t field, double value) {
  tag(field, kFixed64);
  append(std::as_bytes(std::span(&value, 1)));
}

void ProtoWriter::fixed64(std::uint32_t field, std::uint64_t value) {
  tag(field, kFixed64);
  append(std::as_bytes(std::span(&value, 1)));
}

void ProtoWriter::fixed32(std::uint32_t field, std::uint32_t value) {
  tag(field, kFixed32);
  append(std::as_bytes(std::span(&value, 1)));
}

void ProtoWriter::bytes(std::uint32_t field, std::span<const std::byte> value) {
  tag(field, kBytes);
  varint(value.size());
  append(value);
}

void ProtoWriter::text(std::uint32_t field, std::string_view value) {
  bytes(field, as_bytes(value));
}

// One byte is kept for the length, which most messages need; a longer one moves what it counts.
std::size_t ProtoWriter::open(std::uint32_t field) {
  tag(field, kBytes);
  out_->push_back(std::byte{0});
  return out_->size();
}

void ProtoWriter::close(std::size_t start) {
  std::byte digits[10];
  std::size_t count = 0;
  std::uint64_t length = out_->size() - start;
  for (; length >= 0x80; length >>= 7) digits[count++] = static_cast<std::byte>(length | 0x80);
  digits[count++] = static_cast<std::byte>(length);
  const auto place = out_->begin() + static_cast<std::ptrdiff_t>(start);
  *(place - 1) = digits[0];
  out_->insert(place, digits + 1, digits + count);
}

}  // namespace kedge
