// Little-endian bytes, in and out. Every format of this project is read through these two classes:
// a read that does not fit is a CorruptData error that names the section, never undefined.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {

static_assert(std::endian::native == std::endian::little,
              "formats and Arrow buffers are little-endian and are read in place");

// A read position in bytes that it does not own. Holding one outlives nothing: the bytes must.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view section)
      : bytes_(bytes), section_(section) {}

  // The value at `offset`, wherever the position is.
  template <class T>
    requires std::is_arithmetic_v<T>
  T at(std::size_t offset) const {
    need(offset, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::span<const std::byte> slice(std::size_t offset, std::size_t length) const {
    need(offset, length);
    return bytes_.subspan(offset, length);
  }

  template <class T>
  T read() {
    const T value = at<T>(position_);
    position_ += sizeof(T);
    return value;
  }
  std::span<const std::byte> read_bytes(std::size_t length) {
    const auto bytes = slice(position_, length);
    position_ += length;
    return bytes;
  }
  // Seven bits a byte, low first; at most ten bytes, no padding: a number has one spelling.
  std::uint64_t read_varint();
  // A length as varint, then that many bytes.
  std::string_view read_string();

  std::size_t position() const noexcept { return position_; }
  std::size_t size() const noexcept { return bytes_.size(); }
  std::size_t remaining() const noexcept { return bytes_.size() - position_; }
  std::string_view section() const noexcept { return section_; }
  void expect_end() const;

 private:
  void need(std::size_t offset, std::size_t length) const;

  std::span<const std::byte> bytes_;
  std::string section_;
  std::size_t position_ = 0;
};

class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  void write(T value) {
    write_bytes(std::as_bytes(std::span(&value, 1)));
  }
  void write_bytes(std::span<const std::byte> bytes);
  void write_varint(std::uint64_t value);
  void write_string(std::string_view value);
  void pad_to(std::size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.push_back(std::byte{0});
  }

  // Over bytes that were written already.
  void overwrite(std::size_t offset, std::span<const std::byte> bytes) {
    std::memcpy(bytes_.data() + offset, bytes.data(), bytes.size());
  }
  void reserve(std::size_t more);

  std::size_t size() const noexcept { return bytes_.size(); }
  std::span<const std::byte> view() const noexcept { return bytes_; }
  std::vector<std::byte> take() noexcept { return std::move(bytes_); }
  // Empty again, the memory kept.
  void clear() noexcept { bytes_.clear(); }

 private:
  std::vector<std::byte> bytes_;
};

inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace kedge
