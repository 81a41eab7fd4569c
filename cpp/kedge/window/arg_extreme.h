// What another column said where this one was least, or greatest; of equal rows the first to
// arrive.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class ArgExtremePiece final : public Piece {
 public:
  struct Input {
    std::size_t input;
    bool integers;
  };
  // `greatest`: else least. Rows whose value is null or NaN are not looked at.
  ArgExtremePiece(bool greatest, bool is_unsigned, Input value, Input said)
      : greatest_(greatest), is_unsigned_(is_unsigned), value_(value), said_(said) {}

  std::size_t bytes() const noexcept override;
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  // Null without any such row, or when the other column is null in it.
  std::unique_ptr<Answer> said() const;

 private:
  std::optional<std::uint64_t> image(const Values& values, std::size_t row) const noexcept;

  bool greatest_;
  bool is_unsigned_;
  Input value_;
  Input said_;
};

}  // namespace kedge
