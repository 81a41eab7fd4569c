// A batch that grows row by row until it is given out: one column at a time, blocks of rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/buffer.h"

namespace kedge {

// How many rows are finished at once: their states stay in the first cache.
inline constexpr std::size_t kOutputBlock = 256;

// Values travel as 64 bits each: a double's own, an integer's sign-extended, 0 or 1 of a bool.
// Texts and other bytes come one by one. A list's entries go to its child, a struct's values to
// each of its children.
class OutputColumn {
 public:
  explicit OutputColumn(Field field);

  const Field& field() const noexcept { return field_; }
  std::size_t length() const noexcept {
    return field_.type.id == TypeId::kStruct ? children_.front().length() : length_;
  }

  // Room for so many rows more, so that they are not moved as it fills.
  void reserve(std::size_t rows);
  // What that takes, in an empty column: whole cache lines, which may also be given.
  std::size_t bytes_of(std::size_t rows) const noexcept;
  void place(std::shared_ptr<const void> memory, std::byte* at, std::size_t rows) noexcept;
  // `valid` has a byte for each; absent when none is null.
  void append(std::span<const std::uint64_t> values, const std::uint8_t* valid);
  void append_text(std::string_view value);
  void append_null_text();

  OutputColumn& child(std::size_t i) noexcept { return children_[i]; }
  // The list's entries are those of the child since the last list ended.
  void end_list();

  // Throws ResourceExhausted when all lists together have more entries than an int32 counts.
  void check_lists() const;
  // What was appended, in memory that `owner` keeps; empty afterwards.
  Column take(std::vector<std::shared_ptr<const void>>& owners);

 private:
  template <class Value, class From>
  void append_as(std::span<const std::uint64_t> values);
  bool is_text() const noexcept {
    return is_string(field_.type.id) || field_.type.id == TypeId::kLargeBinary;
  }
  // Of a value in values_: a byte for a bool, nothing for what is not kept there.
  std::size_t width() const noexcept {
    if (is_text() || !children_.empty()) return 0;
    return std::max<std::size_t>(1, value_bytes(field_.type.id));
  }
  void take_values(Column& column, std::vector<std::shared_ptr<const void>>& owners);
  void append_valid(std::size_t length, const std::uint8_t* valid);

  Field field_;
  std::size_t length_ = 0;
  bool has_nulls_ = false;
  std::shared_ptr<const void> memory_;
  std::byte* values_ = nullptr;  // there: room for `capacity_` of them
  std::size_t capacity_ = 0;
  std::vector<std::uint8_t> valid_;  // a byte for each, from the first null on
  std::vector<std::int64_t> ends_;   // of texts and lists
  std::vector<char> text_;
  std::vector<OutputColumn> children_;
};

class Output {
 public:
  explicit Output(std::vector<Field> fields);

  // Room for so many rows more. Columns that are empty lie in one piece of memory, which is large
  // enough for large pages before any single column is.
  void reserve(std::size_t rows);
  OutputColumn& column(std::size_t i) noexcept { return columns_[i]; }
  std::size_t length() const noexcept { return columns_.front().length(); }
  // Everything since the last take, as one batch. Throws as check_lists, and keeps everything then.
  Batch take();

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<OutputColumn> columns_;
};

}  // namespace kedge
