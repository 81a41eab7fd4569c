// Any bytes are categories that write back the same bytes, or a named error; and any bytes as a
// column, as wild as they are, are counted as a slow count does, or refused by name.

#include <map>
#include <string>
#include <vector>

#include "fuzz.h"
#include "kedge/base/frame.h"
#include "kedge/sketch/categories.h"

namespace {

using kedge::Categories;

void read_any(std::vector<std::byte> bytes) {
  using kedge::kFrameHeader;
  if (bytes.size() < kFrameHeader) return;
  // Checksum and length are made right, so that the fuzzer reaches what is behind them.
  const std::span<const std::byte> payload = std::span(bytes).subspan(kFrameHeader);
  const auto sealed = kedge::seal_frame("CATS", 1, payload);
  try {
    const auto categories = Categories::from_bytes(sealed);
    const auto again = Categories::from_bytes(categories.to_bytes());
    kedge::fuzz_check(again == categories);
    kedge::fuzz_check(again.to_bytes() == categories.to_bytes());
    Categories twice = categories;
    twice.merge(categories);
    twice.subtract(categories);
    kedge::fuzz_check(twice == categories);
  } catch (const kedge::Error&) {
  }
}

// Strings of the text between its newlines, chosen by wild 8-bit codes.
void count_any(std::span<const std::byte> bytes) {
  const std::size_t rows = bytes.size() / 2;
  const auto codes = bytes.first(rows);
  const auto text = kedge::as_text(bytes.subspan(rows));
  std::vector<std::int32_t> offsets = {0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') offsets.push_back(static_cast<std::int32_t>(i));
  }
  auto entries = std::make_shared<kedge::Column>();
  entries->type = kedge::TypeId::kUtf8;
  entries->length = offsets.size() - 1;
  entries->values = offsets.data();
  entries->text = text.data();
  kedge::Column column;
  column.type = kedge::TypeId::kInt8;
  column.length = rows;
  column.values = codes.data();
  column.dictionary = entries;
  Categories categories(
      std::make_shared<const kedge::CategoryMap>(std::vector<std::string>{"", "\na", "\nb"}));
  try {
    categories.update(column);
  } catch (const kedge::Error&) {
    kedge::fuzz_check(categories.row_count() == 0);
    return;
  }
  std::map<std::string_view, std::uint64_t> expected;
  for (const std::byte code : codes) {
    const auto entry = static_cast<std::size_t>(static_cast<std::int8_t>(code));
    kedge::fuzz_check(entry < entries->length);
    ++expected[entries->string_at(entry)];
  }
  for (std::uint32_t slot = 0; slot < categories.map().size(); ++slot) {
    kedge::fuzz_check(categories.slot_count(slot) == expected[categories.map().name(slot)]);
  }
  kedge::fuzz_check(categories.row_count() == rows);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  read_any({bytes.begin(), bytes.end()});
  count_any(bytes);
  return 0;
}
