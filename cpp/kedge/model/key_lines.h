// Lines "key=value" of a model's text, read without a copy. What is wrong with a value is said with
// its line: `line 231: tree 4: "threshold" has 29 values, 30 are wanted`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {

// A read position in a text that it does not own.
class TextLines {
 public:
  explicit TextLines(std::string_view text) : rest_(text) {}
  // The next line without its end, which is LF or CR LF; false after the last one.
  bool next(std::string_view& line);
  std::size_t number() const noexcept { return number_; }  // of the line read last, from 1

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// One part of a text: its head, or one tree. A key that comes twice has its last value.
class KeyLines {
 public:
  // `part` names it in errors, `number` is the line it starts at.
  KeyLines(std::string part, std::size_t number) : part_(std::move(part)), number_(number) {}

  // A line without "=" is a key with an empty value.
  void add(std::size_t number, std::string_view line);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::string_view at(std::string_view key) const { return get(key).value; }
  // A whole number from `least` to `most`.
  std::int64_t whole(std::string_view key, std::int64_t least, std::int64_t most) const;
  // What spaces part.
  std::vector<std::string_view> words(std::string_view key) const;
  // `count` numbers parted by spaces; Number is double, std::int32_t or std::uint32_t.
  template <class Number>
  std::vector<Number> numbers(std::string_view key, std::size_t count) const;
  // An error in the value of a key that is there.
  template <class... Parts>
  Error wrong(std::string_view key, const Parts&... parts) const {
    return corrupt_data(place(get(key).number), "\"", key, "\" ", parts...);
  }

 private:
  struct Line {
    std::string_view key;
    std::string_view value;
    std::size_t number;
  };

  const Line* find(std::string_view key) const;
  const Line& get(std::string_view key) const;
  std::string place(std::size_t number) const;

  std::string part_;
  std::size_t number_;
  std::vector<Line> lines_;
};

}  // namespace kedge
