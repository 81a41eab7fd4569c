#include "kedge/window/top_piece.h"

#include "kedge/window/list_result.h"
#include "kedge/window/ordered_image.h"

namespace kedge {
namespace {

// Above that of +inf; from_ordered_bits makes a NaN of it.
constexpr std::uint64_t kNanImage = UINT64_MAX;

// `append(value, column)` appends a value to the column of values.
template <class Value, class Append>
void append_top(const FrequentValues<Value>* values, std::size_t most, OutputColumn& entries,
                const Append& append) {
  if (values == nullptr) return;
  for (const std::uint32_t place : values->top(most)) {
    const auto& entry = values->entries()[place];
    append(entry.value, entries.child(0));
    entries.child(1).append({&entry.count, 1}, nullptr);
  }
}

}  // namespace

void TopNumbersPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    owned_in(block.states[i]).add(ordered_image(values, i, is_unsigned_).value_or(kNanImage));
  }
}

std::uint64_t TopNumbersPiece::bits_of_image(std::uint64_t image) const noexcept {
  if (!integers_) return bits_of(from_ordered_bits(image));
  return image ^ (is_unsigned_ ? 0 : std::uint64_t{1} << 63);
}

std::unique_ptr<Result> TopNumbersPiece::top(std::size_t most) const {
  return list_result([this, most](const std::byte* state, OutputColumn& entries) {
    append_top(owned_in(state), most, entries, [this](std::uint64_t image, OutputColumn& out) {
      const std::uint64_t bits = bits_of_image(image);
      out.append({&bits, 1}, nullptr);
    });
  });
}

void TopTextsPiece::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    owned_in(block.states[i]).add(values.texts[i]);
  }
}

std::unique_ptr<Result> TopTextsPiece::top(std::size_t most) const {
  return list_result([this, most](const std::byte* state, OutputColumn& entries) {
    append_top(owned_in(state), most, entries,
               [](const std::string& text, OutputColumn& out) { out.append_text(text); });
  });
}

}  // namespace kedge
