// Messages of Protocol Buffers, read field by field from bytes that are not owned. Whatever does
// not fit is CorruptData that names the message and the offset in it; nothing is copied but
// numbers.
//
//   for (ProtoReader reader(bytes, "NodeProto"); reader.next();) {
//     if (reader.field() == 4) op = reader.text();  // a field that is not read is skipped
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kedge {

class ProtoReader {
 public:
  // `message` is the type's name, for errors; it must outlive the reader.
  ProtoReader(std::span<const std::byte> bytes, std::string_view message)
      : bytes_(bytes), message_(message) {}

  // Goes to the next field; false at the end. Groups, which no schema uses any more, are refused.
  bool next();
  std::uint32_t field() const noexcept { return field_; }

  // The value of the field, which must be of that kind on the wire.
  std::uint64_t unsigned_integer() const;
  std::int64_t integer() const { return static_cast<std::int64_t>(unsigned_integer()); }
  float float32() const;
  double float64() const;
  std::span<const std::byte> bytes() const;
  std::string_view text() const;

  // Calls take(std::uint64_t) with one element of a repeated integer, or all when they are packed.
  template <class Take>
  void each_integer(const Take& take) const {
    if (wire_ == Wire::kVarint) return take(varint_);
    ProtoReader packed(bytes(), message_);
    while (packed.position_ < packed.bytes_.size()) take(packed.read_varint());
  }
  // The bytes of one element of a repeated fixed32 (`size` is 4) or fixed64 (8), or of all.
  std::span<const std::byte> numbers(std::size_t size) const;
  // One element of a repeated field, or all of them when they are packed.
  void append_to(std::vector<std::int64_t>& out) const;
  void append_to(std::vector<float>& out) const;
  void append_to(std::vector<double>& out) const;

 private:
  enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  std::uint64_t read_varint();
  std::span<const std::byte> read_bytes(std::uint64_t length);
  void expect(Wire wire, std::string_view wanted) const;
  template <class Number>
  void append_fixed(std::vector<Number>& out) const;

  std::span<const std::byte> bytes_;
  std::string_view message_;
  std::size_t position_ = 0;
  std::uint32_t field_ = 0;
  Wire wire_ = Wire::kVarint;
  std::uint64_t varint_ = 0;
  std::span<const std::byte> payload_;
};

}  // namespace kedge
