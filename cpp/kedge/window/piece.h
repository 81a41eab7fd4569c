// A piece of a window's state: what some aggregates need to know of the rows of one key, in a fixed
// place of the state's bytes. Aggregates over the same values share pieces.
//
// Thread safety: as a Window, one caller at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kedge/arrow/column.h"
#include "kedge/base/bytes.h"
#include "kedge/kernels/summary_columns.h"
#include "kedge/window/grid.h"

namespace kedge {

// How many rows go through the pieces at once: their values and states stay in the first cache.
inline constexpr std::size_t kFoldRows = 1024;

// One input's values for a block of rows.
struct Values {
  const double* doubles = nullptr;
  const std::int64_t* integers = nullptr;
  const std::string_view* texts = nullptr;
  const Column* column = nullptr;  // the first value is that of row `start`
  std::size_t start = 0;
  const std::uint8_t* keep = nullptr;  // 0 for a row that is null or not wanted; absent: all count
  bool keeps(std::size_t i) const noexcept { return keep == nullptr || keep[i] != 0; }
  // Without the first so many.
  Values from(std::size_t i) const noexcept {
    return {doubles == nullptr ? nullptr : doubles + i,
            integers == nullptr ? nullptr : integers + i,
            texts == nullptr ? nullptr : texts + i,
            column,
            start + i,
            keep == nullptr ? nullptr : keep + i};
  }
};

struct Block {
  std::byte* const* states;   // of each row; rows that count nowhere have `sink`
  std::byte* sink;            // a state that nobody reads
  const std::int64_t* times;  // of each row
  std::uint64_t arrival;      // of the first row: how many came before it
  std::size_t length;
  std::span<const Values> inputs;
};

// Values as OutputColumn takes them.
inline std::uint64_t bits_of(std::uint64_t value) noexcept { return value; }
inline std::uint64_t bits_of(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value);
}
// One NaN for all: its sign and payload differ between machines.
inline constexpr std::uint64_t kNanBits = 0x7ff8000000000000;
inline std::uint64_t bits_of(double value) noexcept {
  return value == value ? std::bit_cast<std::uint64_t>(value) : kNanBits;
}

// A piece whose states can also lie word by word, and how they are merged then: with the same bits.
struct ColumnPiece {
  static constexpr std::size_t kAllRows = SIZE_MAX;

  std::size_t word;  // its first one in a state, then so many
  std::size_t words;
  std::size_t input;  // or kAllRows
  const SummaryMerges* merges;
};

class Piece {
 public:
  virtual ~Piece() = default;

  // Of a state; a multiple of eight. Offsets are, too.
  virtual std::size_t bytes() const noexcept = 0;
  // What it is before the first row; everything here takes the whole state.
  virtual void init(std::byte* state) const noexcept = 0;
  virtual void update(const Block& block) const = 0;
  // As if the rows of `from` had come behind those of `into`.
  virtual void merge(std::byte* into, const std::byte* from) const = 0;

  // The same of `length` states, one after the other: each gets the rows of its `from`, or gets
  // those of its `before` ahead of its own. From one state to the next it is `stride` bytes, so
  // that a state may be the next one's `from`. Not for pieces that own memory.
  virtual void merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                          std::size_t length) const;
  virtual void prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                            std::size_t length) const;

  // As which it can lie word by word, if it can.
  virtual std::optional<ColumnPiece> by_columns() const noexcept { return std::nullopt; }

  // Of pieces that own memory beside their bytes; release leaves what init makes.
  virtual bool owns_memory() const noexcept { return false; }
  virtual void release(std::byte*) const noexcept {}
  virtual std::size_t owned_bytes(const std::byte*) const noexcept { return 0; }

  // Words of eight bytes ahead of those that are doubles.
  virtual std::size_t plain_words() const noexcept { return bytes() / sizeof(std::uint64_t); }
  virtual void write(const std::byte* state, ByteWriter& out) const;
  virtual void read(std::byte* state, ByteReader& in) const {
    std::ranges::copy(in.read_bytes(bytes()), state + offset_);
  }

  std::size_t offset() const noexcept { return offset_; }
  void set_offset(std::size_t offset) noexcept { offset_ = offset; }

 protected:
  template <class State>
  State& of(std::byte* state) const noexcept {
    return *reinterpret_cast<State*>(state + offset_);
  }
  template <class State>
  const State& of(const std::byte* state) const noexcept {
    return *reinterpret_cast<const State*>(state + offset_);
  }

 private:
  std::size_t offset_ = 0;
};

// States of which the answers are wanted, and the window of each. Without states there are columns,
// and answers that read nothing else.
struct Finished {
  std::span<const std::byte* const> states;
  std::span<const TimeRange> windows;
  WordColumns columns = {};  // the same states word by word, at least of pieces that can lie so
};

class OutputColumn;

// What an aggregate gives.
class Result {
 public:
  virtual ~Result() = default;
  // Whether it looks at columns only, else at states and windows only.
  virtual bool reads_columns() const noexcept { return false; }
  // A value for each state, at the column's end. Cannot fail but for want of memory.
  virtual void append(const Finished& finished, OutputColumn& out) const = 0;
};

// A result of 64 bits.
class Answer : public Result {
 public:
  void append(const Finished& finished, OutputColumn& out) const final;
  // A value for each state, and a byte: 0 for null.
  virtual void read(const Finished& finished, std::uint64_t* values, std::uint8_t* valid) const = 0;
};

// The answer that `value_of(state, window)` gives: an optional double, or an optional number of 64
// bits.
template <class ValueOf>
class AnswerOf final : public Answer {
 public:
  explicit AnswerOf(ValueOf value_of) : value_of_(std::move(value_of)) {}
  void read(const Finished& finished, std::uint64_t* values, std::uint8_t* valid) const override {
    for (std::size_t i = 0; i < finished.states.size(); ++i) {
      const auto value = value_of_(finished.states[i], finished.windows[i]);
      valid[i] = value.has_value();
      values[i] = value ? bits_of(*value) : 0;
    }
  }

 private:
  ValueOf value_of_;
};
template <class ValueOf>
std::unique_ptr<Answer> answer_of(ValueOf value_of) {
  return std::make_unique<AnswerOf<ValueOf>>(std::move(value_of));
}

// The same of `read(columns, length, values, valid)`.
template <class Read>
class ColumnAnswer final : public Answer {
 public:
  explicit ColumnAnswer(Read read) : read_(std::move(read)) {}
  bool reads_columns() const noexcept override { return true; }
  void read(const Finished& finished, std::uint64_t* values, std::uint8_t* valid) const override {
    read_(finished.columns, finished.windows.size(), values, valid);
  }

 private:
  Read read_;
};
template <class Read>
std::unique_ptr<Answer> column_answer(Read read) {
  return std::make_unique<ColumnAnswer<Read>>(std::move(read));
}

}  // namespace kedge
