// Flatbuffers, the encoding of Arrow's metadata: tables read from bytes that nobody vouches for,
// and a builder for the few tables that we write. Errors are CorruptData and name the section.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

// The bytes of one flatbuffer; they must outlive it, and it must outlive its tables.
//
// Many references may lead to the same table or string, so a few bytes could stand for gigabytes.
// Everything read is therefore counted, and CorruptData when it is kMostReuse times the size.
class FlatBytes {
 public:
  static constexpr std::uint64_t kMostReuse = 2;  // honest writers share a few small tables at most

  FlatBytes(std::span<const std::byte> bytes, std::string_view section)
      : reader_(bytes, section), unspent_(kMostReuse * bytes.size()) {}
  FlatBytes(const FlatBytes&) = delete;
  FlatBytes& operator=(const FlatBytes&) = delete;

  const ByteReader& reader() const noexcept { return reader_; }
  // Where the reference stored at `offset` leads.
  std::size_t follow(std::size_t offset) const;
  void spend(std::uint64_t bytes);

 private:
  ByteReader reader_;
  std::uint64_t unspent_;
};

class FlatVector;

// One table. A field is named by its slot, its place in the table's declaration.
class FlatTable {
 public:
  // The root.
  explicit FlatTable(FlatBytes& bytes) : FlatTable(bytes, bytes.follow(0)) {}

  template <class T>
  T scalar(unsigned slot, T absent) const {
    const std::size_t offset = find(slot, sizeof(T));
    return offset == 0 ? absent : bytes_->reader().at<T>(offset);
  }
  std::optional<FlatTable> table(unsigned slot) const;
  // Empty when it is absent.
  std::string_view string(unsigned slot) const;
  // Elements of `element_bytes` each, references of four bytes; empty when it is absent.
  FlatVector vector(unsigned slot, std::size_t element_bytes) const;

 private:
  friend class FlatVector;
  FlatTable(FlatBytes& bytes, std::size_t position);
  // Where the field starts, 0 when it is absent: the root reference is there, never a field.
  std::size_t find(unsigned slot, std::size_t bytes) const;

  FlatBytes* bytes_;
  std::size_t position_;
  std::size_t table_bytes_;
  std::size_t vtable_;
  std::size_t vtable_bytes_;
};

class FlatVector {
 public:
  std::size_t size() const noexcept { return size_; }
  // A number `inside` the element `i` < size().
  template <class T>
  T at(std::size_t i, std::size_t inside = 0) const {
    return bytes_->reader().at<T>(position_ + i * element_bytes_ + inside);
  }
  FlatTable table(std::size_t i) const {
    return FlatTable(*bytes_, bytes_->follow(position_ + i * element_bytes_));
  }

 private:
  friend class FlatTable;
  FlatVector(FlatBytes& bytes, std::size_t element_bytes)
      : bytes_(&bytes), element_bytes_(element_bytes) {}

  FlatBytes* bytes_;
  std::size_t element_bytes_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;
};

// Writes a flatbuffer from the root down: a table is added with room for its references, and each
// is connected once what it refers to has been added.
class FlatBuilder {
 public:
  struct Field {
    unsigned slot;
    std::size_t bytes;
    std::uint64_t bits;
    std::size_t* reference;  // where to note the place of the reference
  };
  template <class T>
  static Field scalar(unsigned slot, T value) {
    Field field{slot, sizeof(T), 0, nullptr};
    std::memcpy(&field.bits, &value, sizeof(T));
    return field;
  }
  static Field reference(unsigned slot, std::size_t& place) {
    return {slot, sizeof(std::uint32_t), 0, &place};
  }

  FlatBuilder() : bytes_(sizeof(std::uint32_t)) {}

  // The first one is the root. All four answer where it is, for connect().
  std::size_t add_table(std::initializer_list<Field> fields);
  std::size_t add_string(std::string_view text);
  // Elements of one or more int64 each.
  std::size_t add_int64s(std::span<const std::int64_t> numbers, std::size_t in_each);
  std::size_t add_references(std::size_t count);

  static std::size_t reference_in(std::size_t vector, std::size_t i) noexcept {
    return vector + sizeof(std::uint32_t) * (1 + i);
  }
  void connect(std::size_t reference, std::size_t target) {
    put(reference, static_cast<std::uint32_t>(target - reference));
  }

  std::span<const std::byte> view() const noexcept { return bytes_; }

 private:
  template <class T>
  void put(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }
  // Room for `bytes` zeros, of which the one at `aligned` lies on a multiple of eight.
  std::size_t add_room(std::size_t bytes, std::size_t aligned);

  std::vector<std::byte> bytes_;
};

}  // namespace kedge
