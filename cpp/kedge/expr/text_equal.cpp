#include "kedge/expr/text_equal.h"

#include <algorithm>
#include <cstring>

namespace kedge::expr {
namespace {

template <class Word>
Word word_at(const char* text) noexcept {
  Word word;
  std::memcpy(&word, text, sizeof word);
  return word;
}

// Texts of at least a word and, but for kLong, at most two: their first and last word tell all.
// What is read of a text of another length does not count, so it need only be among the texts.
template <class Word, bool kLong, class End>
void mark_words(const End* ends, const char* texts, std::size_t rows, std::string_view wanted,
                std::uint8_t* out) noexcept {
  const char* const data = wanted.data();
  const auto length = static_cast<End>(wanted.size());
  const std::size_t to_last = wanted.size() - sizeof(Word);
  if (ends[rows] - ends[0] < length) return;
  const End last_place = ends[rows] - length;
  const Word first = word_at<Word>(data);
  const Word last = word_at<Word>(data + to_last);
  for (std::size_t i = 0; i < rows; ++i) {
    const bool is_as_long = ends[i + 1] - ends[i] == length;
    const char* const text = texts + std::min(ends[i], last_place);
    const auto differences =
        static_cast<Word>((word_at<Word>(text) ^ first) | (word_at<Word>(text + to_last) ^ last));
    bool equal = is_as_long & (differences == 0);
    if constexpr (kLong) equal = equal && std::memcmp(text, data, wanted.size()) == 0;
    out[i] |= static_cast<std::uint8_t>(equal);
  }
}

template <class End>
void mark_offsets(const Column& column, std::size_t start, std::size_t rows,
                  std::string_view wanted, std::uint8_t* out) noexcept {
  const End* const ends = column.data<End>() + start;
  const char* const texts = column.text;
  if (wanted.empty()) {
    for (std::size_t i = 0; i < rows; ++i) out[i] |= ends[i + 1] == ends[i];
  } else if (wanted.size() == 1) {
    mark_words<std::uint8_t, false>(ends, texts, rows, wanted, out);
  } else if (wanted.size() < 4) {
    mark_words<std::uint16_t, false>(ends, texts, rows, wanted, out);
  } else if (wanted.size() < 8) {
    mark_words<std::uint32_t, false>(ends, texts, rows, wanted, out);
  } else if (wanted.size() <= 16) {
    mark_words<std::uint64_t, false>(ends, texts, rows, wanted, out);
  } else {
    mark_words<std::uint64_t, true>(ends, texts, rows, wanted, out);
  }
}

// Of a view, the length and the first four bytes are one word, the next eight of a short text
// another; what is behind a short text's end does not count.
void mark_views(const Column& column, std::size_t start, std::size_t rows,
                const std::uint8_t* valid, std::string_view wanted, std::uint8_t* out) noexcept {
  const auto* const views = column.data<StringView16>() + start;
  const bool is_short = wanted.size() <= StringView16::kInlineBytes;
  std::uint64_t words[2] = {wanted.size(), 0};
  std::uint64_t masks[2] = {0xffffffff, 0};
  const std::size_t known = is_short ? wanted.size() : 4;
  std::memcpy(reinterpret_cast<char*>(words) + 4, wanted.data(), known);
  std::memset(reinterpret_cast<char*>(masks) + 4, 0xff, known);
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint64_t view[2];
    std::memcpy(view, &views[i], sizeof view);
    bool equal = (((view[0] ^ words[0]) & masks[0]) | ((view[1] ^ words[1]) & masks[1])) == 0;
    if (!is_short && equal) {
      equal = (valid == nullptr || valid[i] != 0) && column.string_at(start + i) == wanted;
    }
    out[i] |= static_cast<std::uint8_t>(equal);
  }
}

}  // namespace

void mark_equal(const Column& column, std::size_t start, std::size_t rows,
                const std::uint8_t* valid, std::string_view wanted, std::uint8_t* out) noexcept {
  if (column.type == TypeId::kUtf8View) {
    mark_views(column, start, rows, valid, wanted, out);
  } else if (column.type == TypeId::kLargeUtf8) {
    mark_offsets<std::int64_t>(column, start, rows, wanted, out);
  } else if (wanted.size() <= INT32_MAX) {
    mark_offsets<std::int32_t>(column, start, rows, wanted, out);
  }
}

}  // namespace kedge::expr
