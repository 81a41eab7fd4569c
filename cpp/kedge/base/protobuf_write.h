// Messages of Protocol Buffers, written field by field at the end of somebody's bytes.
//
//   ProtoWriter writer(out);
//   writer.text(1, name);
//   writer.message(5, [&] { writer.integer(1, 7); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kedge {

// Allocates only when `out` must grow, so bytes that are cleared and used again cost nothing.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::vector<std::byte>& out) : out_(&out) {}

  // Also int64 and bool, and enums.
  void integer(std::uint32_t field, std::uint64_t value);
  void float64(std::uint32_t field, double value);
  void fixed64(std::uint32_t field, std::uint64_t value);
  void fixed32(std::uint32_t field, std::uint32_t value);
  void bytes(std::uint32_t field, std::span<const std::byte> value);
  void text(std::uint32_t field, std::string_view value);

  // What `write` writes, as one field: a message, or the elements of a packed list.
  template <class Write>
  void message(std::uint32_t field, const Write& write) {
    const std::size_t start = open(field);
    write();
    close(start);
  }
  // An element of a packed list of integers, or of what has no other spelling.
  void packed(std::uint64_t value) { varint(value); }
  void append(std::span<const std::byte> value);

 private:
  void varint(std::uint64_t value);
  void tag(std::uint32_t field, std::uint32_t wire) { varint(std::uint64_t{field} << 3 | wire); }
  std::size_t open(std::uint32_t field);
  void close(std::size_t start);

  std::vector<std::byte>* out_;
};

}  // namespace kedge
