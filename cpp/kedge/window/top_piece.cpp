#include "kedge/window/top_piece.h"

#include "kedge/window/list_result.h"
#include "kedge/window/ordered_image.h"

namespace kedge {
namespace {

// Above that of +inf; from_ordered_bits makes a NaN of it.
constexpr std::uint64_t kNanImage = UINT64_MAX;

}  // namespace

template <class Value>
void TopPiece<Value>::update(const Block& block) const {
  const Values& values = block.inputs[input_];
  for (std::size_t i = 0; i < block.length; ++i) {
    if (!values.keeps(i) || block.states[i] == block.sink) continue;
    FrequentValues<Value>& frequent = this->owned_in(block.states[i]);
    if constexpr (kIsText) {
      frequent.add(values.texts[i]);
    } else {
      frequent.add(ordered_image(values, i, is_unsigned_).value_or(kNanImage));
    }
  }
}

template <class Value>
void TopPiece<Value>::append(const Value& value, OutputColumn& out) const {
  if constexpr (kIsText) {
    out.append_text(value);
  } else {
    const std::uint64_t sign = is_unsigned_ ? 0 : std::uint64_t{1} << 63;
    const std::uint64_t bits = integers_ ? value ^ sign : bits_of(from_ordered_bits(value));
    out.append({&bits, 1}, nullptr);
  }
}

template <class Value>
std::unique_ptr<Result> TopPiece<Value>::top(std::size_t most) const {
  return list_result([this, most](const std::byte* state, OutputColumn& entries) {
    const FrequentValues<Value>* const values = this->owned_in(state);
    if (values == nullptr) return;
    for (const std::uint32_t place : values->top(most)) {
      const auto& entry = values->entries()[place];
      append(entry.value, entries.child(0));
      entries.child(1).append({&entry.count, 1}, nullptr);
    }
  });
}

template class TopPiece<std::uint64_t>;
template class TopPiece<std::string>;

}  // namespace kedge
