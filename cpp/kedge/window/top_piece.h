// The most frequent values and how often each came.
#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "kedge/window/frequent_values.h"
#include "kedge/window/owning_piece.h"

namespace kedge {

// Of more, counts may be unknown.
inline constexpr std::size_t kMostTop = FrequentValues<std::uint64_t>::kKept;

// Of an input of integers, doubles (all NaN are one value, above all others) or texts.
template <class Value>
class TopPiece final : public OwningPiece<FrequentValues<Value>> {
 public:
  // `is_unsigned` is of integers.
  TopPiece(bool is_unsigned, bool integers, std::size_t input)
      : is_unsigned_(is_unsigned), integers_(integers), input_(input) {}

  void update(const Block& block) const override;

  // A list of structs, value and count, never null: falling counts, then rising values.
  std::unique_ptr<Result> top(std::size_t most) const;

 private:
  static constexpr bool kIsText = std::is_same_v<Value, std::string>;

  FrequentValues<Value> make() const override { return {}; }
  void append(const Value& value, OutputColumn& out) const;

  bool is_unsigned_;
  bool integers_;
  std::size_t input_;
};

extern template class TopPiece<std::uint64_t>;
extern template class TopPiece<std::string>;

}  // namespace kedge
