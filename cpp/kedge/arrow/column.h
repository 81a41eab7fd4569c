// One column of one batch: typed pointers into Arrow buffers that somebody else keeps alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/arrow/type.h"
#include "kedge/base/bits.h"

namespace kedge {

// A view: it copies freely and owns nothing; the Batch that holds it owns the buffers. Row i of the
// column is value `offset + i` of every buffer. Pointers are aligned to their value's size.
struct Column {
  TypeId type = TypeId::kFloat64;  // the index's, when there is a dictionary
  std::size_t length = 0;
  std::size_t offset = 0;
  const std::uint8_t* validity = nullptr;  // absent when no row is null
  const void* values = nullptr;            // values, bits, offsets or views; absent for a struct
  const char* text = nullptr;              // the bytes behind utf8, large_utf8 and binary offsets
  std::span<const char* const> view_text;  // the buffers that utf8_view points into
  const std::int64_t* view_text_bytes = nullptr;  // and how long each of them is
  std::shared_ptr<const Column> dictionary;
  // Of a struct: they have its offset and length already. Of a list the one that it points into.
  std::vector<Column> children;

  bool is_null(std::size_t row) const noexcept {
    return validity != nullptr && !get_bit(validity, offset + row);
  }
  std::size_t null_count() const noexcept {
    return validity == nullptr ? 0 : length - count_bits(validity, offset, length);
  }
  // The first row's value; T must be the stored type.
  template <class T>
  const T* data() const noexcept {
    return static_cast<const T*>(values) + offset;
  }
  // Row `row` of a utf8, large_utf8 or utf8_view column without a dictionary.
  std::string_view string_at(std::size_t row) const noexcept;
};

// Sixteen bytes of a utf8_view: short strings sit inside, long ones point into a text buffer.
struct StringView16 {
  static constexpr std::int32_t kInlineBytes = 12;
  std::int32_t length;
  char prefix[4];
  std::int32_t buffer;
  std::int32_t offset;
};
static_assert(sizeof(StringView16) == 16);

}  // namespace kedge
