#include "kedge/model/key_lines.h"

#include <algorithm>
#include <charconv>

namespace kedge {
namespace {

// Of a word that an error shows: a model may have been damaged by anything.
constexpr std::size_t kShownBytes = 40;

// The next word of a text, empty at its end.
std::string_view next_word(std::string_view& text) {
  const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

}  // namespace

bool TextLines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = std::min(rest_.find('\n'), rest_.size());
  line = rest_.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++number_;
  return true;
}

void KeyLines::add(std::size_t number, std::string_view line) {
  const std::size_t end = line.find('=');
  const bool whole = end == std::string_view::npos;
  lines_.push_back(
      {line.substr(0, end), whole ? std::string_view() : line.substr(end + 1), number});
}

const KeyLines::Line* KeyLines::find(std::string_view key) const {
  const auto found = std::find_if(lines_.rbegin(), lines_.rend(),
                                  [&](const Line& line) { return line.key == key; });
  return found == lines_.rend() ? nullptr : &*found;
}

const KeyLines::Line& KeyLines::get(std::string_view key) const {
  const Line* line = find(key);
  if (line == nullptr) throw corrupt_data(place(number_), "\"", key, "\" is not there");
  return *line;
}

std::string KeyLines::place(std::size_t number) const {
  return text("line ", number, ": ", part_, part_.empty() ? "" : ": ");
}

std::int64_t KeyLines::whole(std::string_view key, std::int64_t least, std::int64_t most) const {
  const std::string_view value = at(key);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least ||
      number > most) {
    throw wrong(key, "is \"", value.substr(0, kShownBytes), "\", a whole number from ", least,
                " to ", most, " is wanted");
  }
  return number;
}

std::vector<std::string_view> KeyLines::words(std::string_view key) const {
  std::string_view rest = at(key);
  std::vector<std::string_view> words;
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) words.push_back(word);
  return words;
}

template <class Number>
std::vector<Number> KeyLines::numbers(std::string_view key, std::size_t count) const {
  std::string_view rest = at(key);
  std::vector<Number> numbers;
  numbers.reserve(std::min(count, rest.size() / 2 + 1));
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
    Number number;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) {
      throw wrong(key, "has \"", word.substr(0, kShownBytes), "\" as value ", numbers.size());
    }
    numbers.push_back(number);
  }
  if (numbers.size() != count) {
    throw wrong(key, "has ", numbers.size(), " values, ", count, " are wanted");
  }
  return numbers;
}

template std::vector<double> KeyLines::numbers(std::string_view, std::size_t) const;
template std::vector<std::int32_t> KeyLines::numbers(std::string_view, std::size_t) const;
template std::vector<std::uint32_t> KeyLines::numbers(std::string_view, std::size_t) const;

}  // namespace kedge
