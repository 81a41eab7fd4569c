#include "kedge/sketch/row_parts.h"

#include <algorithm>

#include "kedge/arrow/numeric.h"
#include "kedge/base/text.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr std::uint64_t kMostTabled = 1u << 16;

std::vector<std::uint32_t> slots_of_strings(const CategoryMap& values, const Column& column) {
  std::vector<std::uint32_t> slots(column.length);
  NameKey keys[NameReader::kBlock];
  for (std::size_t start = 0; start < column.length; start += NameReader::kBlock) {
    const std::size_t rows = std::min(NameReader::kBlock, column.length - start);
    for (std::size_t i = 0; i < rows; ++i) {
      keys[i] = name_key(column.is_null(start + i) ? "" : column.string_at(start + i));
    }
    values.slots_of({keys, rows}, slots.data() + start);
  }
  return slots;
}

// Each of the integers that come is looked up once when they are close together.
std::vector<std::uint32_t> slots_of_integers(const CategoryMap& values, const Column& column) {
  std::vector<std::uint32_t> slots(column.length);
  std::vector<std::int64_t> numbers(column.length);
  read_integers(column, 0, column.length, numbers.data());
  for (std::size_t row = 0; row < column.length; ++row) {
    if (column.is_null(row)) numbers[row] = 0;
  }
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  if (least == numbers.end()) return slots;
  const std::uint64_t first = static_cast<std::uint64_t>(*least);
  const std::uint64_t last = static_cast<std::uint64_t>(*most) - first;
  const auto slot_of = [&](std::uint64_t number) {
    return values.slot_of(is_unsigned(column.type) ? text(number)
                                                   : text(static_cast<std::int64_t>(number)));
  };
  if (last >= kMostTabled) {
    for (std::size_t row = 0; row < column.length; ++row) {
      slots[row] = slot_of(static_cast<std::uint64_t>(numbers[row]));
    }
    return slots;
  }
  constexpr std::uint32_t kUnknown = 0xffffffff;
  std::vector<std::uint32_t> table(static_cast<std::size_t>(last) + 1, kUnknown);
  for (std::size_t row = 0; row < column.length; ++row) {
    const std::uint64_t off = static_cast<std::uint64_t>(numbers[row]) - first;
    std::uint32_t& slot = table[static_cast<std::size_t>(off)];
    if (slot == kUnknown) slot = slot_of(static_cast<std::uint64_t>(numbers[row]));
    slots[row] = slot;
  }
  return slots;
}

std::vector<std::uint32_t> slots_of_bools(const CategoryMap& values, const Column& column) {
  const std::uint32_t slot_of_bool[] = {values.slot_of("false"), values.slot_of("true")};
  std::vector<std::uint32_t> slots(column.length);
  const auto* bits = static_cast<const std::uint8_t*>(column.values);
  for (std::size_t row = 0; row < column.length; ++row) {
    slots[row] = slot_of_bool[get_bit(bits, column.offset + row) ? 1 : 0];
  }
  return slots;
}

std::vector<std::uint32_t> slots_of_dictionary(const CategoryMap& values, const Column& column) {
  const std::vector<std::uint32_t> entries = slots_of_rows(values, *column.dictionary);
  std::vector<std::uint32_t> slots(column.length);
  for (std::size_t row = 0; row < column.length; ++row) {
    if (!column.is_null(row)) slots[row] = entries[entry_at(column, row)];
  }
  return slots;
}

}  // namespace

std::vector<std::uint32_t> slots_of_rows(const CategoryMap& values, const Column& column) {
  std::vector<std::uint32_t> slots = column.dictionary        ? slots_of_dictionary(values, column)
                                     : is_string(column.type) ? slots_of_strings(values, column)
                                     : column.type == TypeId::kBool
                                         ? slots_of_bools(values, column)
                                         : slots_of_integers(values, column);
  if (column.validity != nullptr) {
    for (std::size_t row = 0; row < column.length; ++row) {
      if (column.is_null(row)) slots[row] = values.null_slot();
    }
  }
  return slots;
}

}  // namespace kedge
