#include "kedge/sketch/name_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "kedge/arrow/check.h"
#include "kedge/base/text.h"
#include "kedge/kernels/code_count.h"

namespace kedge {
namespace {

constexpr std::size_t kMostRowsAtOnce = std::size_t{1} << 30;  // counters have 32 bits

// Counters for a range of integers: as many as there are rows, and a few always.
constexpr std::uint64_t kFewIntegers = 1024;
constexpr std::uint64_t kMostIntegers = 1u << 22;

bool is_name(TypeId id) noexcept { return is_string(id) || is_integer(id) || id == TypeId::kBool; }

// Calls `use` with a value of the integer type that `id` names.
template <class Use>
void with_integer(TypeId id, const Use& use) {
  switch (id) {
    case TypeId::kInt8:
      return use(std::int8_t{});
    case TypeId::kInt16:
      return use(std::int16_t{});
    case TypeId::kInt32:
      return use(std::int32_t{});
    case TypeId::kInt64:
      return use(std::int64_t{});
    case TypeId::kUint8:
      return use(std::uint8_t{});
    case TypeId::kUint16:
      return use(std::uint16_t{});
    case TypeId::kUint32:
      return use(std::uint32_t{});
    default:
      return use(std::uint64_t{});
  }
}

std::uint64_t integer_bits(const Column& column, std::size_t row) noexcept {
  std::uint64_t bits = 0;
  with_integer(column.type, [&]<class Integer>(Integer) {
    bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(column.data<Integer>()[row]));
  });
  return bits;
}

bool is_signed(TypeId id) noexcept { return id >= TypeId::kInt8 && id <= TypeId::kInt64; }

// Sixteen bytes may be read at once wherever so many follow in the text; what is not the string's
// is masked away.
struct Masks {
  std::uint64_t low[kShortBytes + 1];
  std::uint64_t high[kShortBytes + 1];
};
constexpr Masks make_masks() {
  Masks masks{};
  for (unsigned length = 0; length <= kShortBytes; ++length) {
    masks.low[length] = length >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * length)) - 1;
    masks.high[length] = length <= 8    ? 0
                         : length == 16 ? ~std::uint64_t{0}
                                        : (std::uint64_t{1} << (8 * (length - 8))) - 1;
  }
  return masks;
}
constexpr Masks kMasks = make_masks();

ShortWords masked_words(const char* data, std::size_t length) noexcept {
  ShortWords words;
  std::memcpy(&words, data, sizeof words);
  return {words.low & kMasks.low[length], words.high & kMasks.high[length]};
}

// `end` is where the text ends.
template <class Offset>
NameKey offset_key(const Offset* offsets, const char* text, std::size_t end,
                   std::size_t row) noexcept {
  const auto from = static_cast<std::size_t>(offsets[row]);
  const auto length = static_cast<std::size_t>(offsets[row + 1]) - from;
  if (length <= kShortBytes && end - from >= kShortBytes) {
    return short_key(text + from, length, masked_words(text + from, length));
  }
  return name_key({text + from, length});
}

NameKey view_key(const Column& column, std::size_t row) noexcept {
  const StringView16* view = column.data<StringView16>() + row;
  if (view->length > StringView16::kInlineBytes) return name_key(column.string_at(row));
  const auto length = static_cast<std::size_t>(view->length);
  const char* inside = reinterpret_cast<const char*>(view) + sizeof(std::int32_t);
  const ShortWords words = {hash_detail::load<std::uint64_t>(inside) & kMasks.low[length],
                            hash_detail::load<std::uint32_t>(inside + 8) & kMasks.high[length]};
  return short_key(inside, length, words);
}

template <class Offset>
void read_offset_keys(const Column& column, std::size_t first, std::span<NameKey> out) noexcept {
  const Offset* offsets = column.data<Offset>();
  const char* text = column.text;
  const auto end = static_cast<std::size_t>(offsets[column.length]);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = offset_key(offsets, text, end, first + i);
}

}  // namespace

bool NameReader::takes(const Type& type) noexcept {
  return type.dictionary ? !type.dictionary->dictionary && is_name(type.dictionary->id)
                         : is_name(type.id);
}

NameReader::NameReader(const Column& column) : column_(column) {
  check_strings(column);
  if (column.dictionary) {
    if (column.dictionary->length <= column.length) {
      tally_dictionary();
      return;
    }
    check_indices(column);
    for (std::size_t row = 0; row < column.length; ++row) {
      nulls_ += column.is_null(row) ||
                column.dictionary->is_null(static_cast<std::size_t>(integer_bits(column, row)));
    }
    return;
  }
  nulls_ = column.null_count();
  if (column.type == TypeId::kBool) tally_bools();
  if (is_integer(column.type)) {
    with_integer(column.type, [&]<class Integer>(Integer) { tally_integers<Integer>(); });
  }
}

void NameReader::tally_dictionary() {
  const std::size_t entries = column_.dictionary->length;
  std::vector<std::uint32_t> counts(code_slots(entries));
  tallies_.resize(code_slots(entries));
  for (std::size_t start = 0; start < column_.length; start += kMostRowsAtOnce) {
    const std::size_t rows = std::min(kMostRowsAtOnce, column_.length - start);
    with_integer(column_.type, [&]<class Code>(Code) {
      count_codes<Code>(
          {column_.data<Code>() + start, rows, column_.validity, column_.offset + start}, entries,
          counts.data());
    });
    for (std::size_t i = 0; i < counts.size(); ++i) {
      tallies_[i] += counts[i];
      counts[i] = 0;
    }
  }
  if (tallies_[bad_code(entries)] > 0) check_indices(column_);
  nulls_ = tallies_[null_code(entries)];
  tallies_.resize(entries);
  for (std::size_t entry = 0; entry < entries; ++entry) {
    if (!column_.dictionary->is_null(entry)) continue;
    nulls_ += tallies_[entry];
    tallies_[entry] = 0;
  }
  is_tallied_ = true;
}

void NameReader::tally_bools() {
  tallies_.resize(2);
  const auto* bits = static_cast<const std::uint8_t*>(column_.values);
  for (std::size_t row = 0; row < column_.length; ++row) {
    tallies_[get_bit(bits, column_.offset + row)] += !column_.is_null(row);
  }
  is_tallied_ = true;
}

template <class Integer>
void NameReader::tally_integers() {
  is_signed_ = std::numeric_limits<Integer>::is_signed;
  if (nulls_ == column_.length) return;
  const Integer* values = column_.data<Integer>();
  Integer least = std::numeric_limits<Integer>::max();
  Integer most = std::numeric_limits<Integer>::min();
  if (nulls_ == 0) {
    for (std::size_t row = 0; row < column_.length; ++row) {
      least = std::min(least, values[row]);
      most = std::max(most, values[row]);
    }
  } else {
    for (std::size_t row = 0; row < column_.length; ++row) {
      if (column_.is_null(row)) continue;
      least = std::min(least, values[row]);
      most = std::max(most, values[row]);
    }
  }
  const std::uint64_t last = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  const std::uint64_t allowed =
      std::clamp<std::uint64_t>(column_.length, kFewIntegers, kMostIntegers);
  if (last < allowed) {
    count_range<Integer>(static_cast<std::uint64_t>(least), static_cast<std::size_t>(last) + 1);
  }
}

template <class Integer>
void NameReader::count_range(std::uint64_t least, std::size_t range) {
  constexpr std::size_t kChunk = 4096;
  std::vector<std::uint32_t> counts(code_slots(range));
  std::vector<std::uint32_t> codes(kChunk);
  tallies_.resize(range);
  const Integer* values = column_.data<Integer>();
  for (std::size_t start = 0; start < column_.length;) {
    const std::size_t end = start + std::min(kMostRowsAtOnce, column_.length - start);
    for (; start < end; start += std::min(kChunk, end - start)) {
      const std::size_t rows = std::min(kChunk, end - start);
      for (std::size_t i = 0; i < rows; ++i) {
        codes[i] =
            static_cast<std::uint32_t>(static_cast<std::uint64_t>(values[start + i]) - least);
      }
      count_codes<std::uint32_t>({codes.data(), rows, column_.validity, column_.offset + start},
                                 range, counts.data());
    }
    for (std::size_t i = 0; i < range; ++i) {
      tallies_[i] += counts[i];
      counts[i] = 0;
    }
  }
  least_ = least;
  is_tallied_ = true;
}

bool NameReader::next() noexcept {
  filled_ = 0;
  const std::size_t end = is_tallied_ ? tallies_.size() : column_.length;
  while (filled_ == 0 && at_ < end) {
    if (is_tallied_) {
      read_tallied();
    } else {
      const std::size_t rows = std::min(kBlock, end - at_);
      read_rows(at_, rows);
      at_ += rows;
    }
  }
  return filled_ > 0;
}

void NameReader::read_tallied() noexcept {
  for (; at_ < tallies_.size() && filled_ < kBlock; ++at_) {
    if (tallies_[at_] == 0) continue;
    weights_[filled_] = tallies_[at_];
    if (column_.dictionary) {
      keys_[filled_] = key_of(*column_.dictionary, at_);
    } else if (column_.type == TypeId::kBool) {
      keys_[filled_] = name_key(at_ == 1 ? "true" : "false");
    } else {
      keys_[filled_] = decimal_key(least_ + at_, is_signed_);
    }
    ++filled_;
  }
}

void NameReader::read_rows(std::size_t start, std::size_t rows) noexcept {
  if (!column_.dictionary) {
    if (column_.type == TypeId::kUtf8) return read_offsets<std::int32_t>(start, rows);
    if (column_.type == TypeId::kLargeUtf8) return read_offsets<std::int64_t>(start, rows);
    if (column_.type == TypeId::kUtf8View) return read_views(start, rows);
  }
  for (std::size_t row = start; row < start + rows; ++row) {
    if (column_.is_null(row)) continue;
    if (!column_.dictionary) {
      keys_[filled_++] = key_of(column_, row);
      continue;
    }
    const auto entry = static_cast<std::size_t>(integer_bits(column_, row));
    if (!column_.dictionary->is_null(entry)) keys_[filled_++] = key_of(*column_.dictionary, entry);
  }
}

template <class Offset>
void NameReader::read_offsets(std::size_t start, std::size_t rows) noexcept {
  // In locals, because the keys might overlap the column for all the compiler knows.
  const Offset* offsets = column_.data<Offset>();
  const char* text = column_.text;
  const std::uint8_t* validity = column_.validity;
  const std::size_t bit = column_.offset;
  const auto end = static_cast<std::size_t>(offsets[column_.length]);
  NameKey* out = keys_.data();
  for (std::size_t row = start; row < start + rows; ++row) {
    *out = offset_key(offsets, text, end, row);
    out += validity == nullptr || get_bit(validity, bit + row);
  }
  filled_ = static_cast<std::size_t>(out - keys_.data());
}

void NameReader::read_views(std::size_t start, std::size_t rows) noexcept {
  NameKey* out = keys_.data();
  for (std::size_t row = start; row < start + rows; ++row) {
    if (!column_.is_null(row)) *out++ = view_key(column_, row);
  }
  filled_ = static_cast<std::size_t>(out - keys_.data());
}

NameKey NameReader::key_of(const Column& column, std::size_t row) noexcept {
  if (is_string(column.type)) return name_key(column.string_at(row));
  if (column.type == TypeId::kBool) {
    const bool value =
        get_bit(static_cast<const std::uint8_t*>(column.values), column.offset + row);
    return name_key(value ? "true" : "false");
  }
  return decimal_key(integer_bits(column, row), is_signed(column.type));
}

void read_keys(const Column& column, std::size_t first, std::span<NameKey> out) noexcept {
  if (column.type == TypeId::kUtf8) return read_offset_keys<std::int32_t>(column, first, out);
  if (column.type == TypeId::kLargeUtf8) return read_offset_keys<std::int64_t>(column, first, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = column.is_null(first + i) ? name_key({}) : view_key(column, first + i);
  }
}

std::string name_at(const Column& column, std::size_t row) {
  if (column.dictionary) return name_at(*column.dictionary, entry_at(column, row));
  if (is_string(column.type)) return std::string(column.string_at(row));
  if (column.type == TypeId::kBool) {
    const auto* bits = static_cast<const std::uint8_t*>(column.values);
    return get_bit(bits, column.offset + row) ? "true" : "false";
  }
  const std::uint64_t bits = integer_bits(column, row);
  return is_signed(column.type) ? text(static_cast<std::int64_t>(bits)) : text(bits);
}

std::size_t entry_at(const Column& column, std::size_t row) noexcept {
  return static_cast<std::size_t>(integer_bits(column, row));
}

NameKey NameReader::decimal_key(std::uint64_t bits, bool is_signed) noexcept {
  char* text = digits_[filled_];
  const auto end = is_signed
                       ? std::to_chars(text, text + kDigits, static_cast<std::int64_t>(bits)).ptr
                       : std::to_chars(text, text + kDigits, bits).ptr;
  return name_key({text, static_cast<std::size_t>(end - text)});
}

}  // namespace kedge
