// The most frequent values and how often each came. What comes out are lists of structs, value and
// count, never null: falling counts, then rising values.
#pragma once

#include <memory>
#include <string>

#include "kedge/window/frequent_values.h"
#include "kedge/window/owning_piece.h"

namespace kedge {

// Of more, counts may be unknown.
inline constexpr std::size_t kMostTop = FrequentValues<std::uint64_t>::kKept;

// Of an input of integers or of doubles; all NaN are one value, above all others.
class TopNumbersPiece final : public OwningPiece<FrequentValues<std::uint64_t>> {
 public:
  // `is_unsigned` is of integers.
  TopNumbersPiece(bool integers, bool is_unsigned, std::size_t input)
      : integers_(integers), is_unsigned_(is_unsigned), input_(input) {}

  void update(const Block& block) const override;
  std::unique_ptr<Result> top(std::size_t most) const;

 private:
  FrequentValues<std::uint64_t> make() const override { return {}; }
  std::uint64_t bits_of_image(std::uint64_t image) const noexcept;

  bool integers_;
  bool is_unsigned_;
  std::size_t input_;
};

// Of an input of texts, by their bytes.
class TopTextsPiece final : public OwningPiece<FrequentValues<std::string>> {
 public:
  explicit TopTextsPiece(std::size_t input) : input_(input) {}

  void update(const Block& block) const override;
  std::unique_ptr<Result> top(std::size_t most) const;

 private:
  FrequentValues<std::string> make() const override { return {}; }

  std::size_t input_;
};

}  // namespace kedge
