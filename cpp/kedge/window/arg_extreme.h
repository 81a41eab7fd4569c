// What another column said where this one was least, or greatest; of equal rows the first to
// arrive.
#pragma once

#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

class ArgExtremePiece final : public Piece {
 public:
  enum class Kind : std::uint8_t { kDoubles, kIntegers, kTexts };
  struct Input {
    std::size_t input;
    Kind kind;
  };
  // `greatest`: else least. Rows whose value is null or NaN are not looked at. The value is a
  // number; what is said may be a text, which the state owns.
  ArgExtremePiece(bool greatest, bool is_unsigned, Input value, Input said)
      : greatest_(greatest), is_unsigned_(is_unsigned), value_(value), said_(said) {}

  std::size_t bytes() const noexcept override;
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  bool owns_memory() const noexcept override { return said_.kind == Kind::kTexts; }
  void release(std::byte* state) const noexcept override;
  std::size_t owned_bytes(const std::byte* state) const noexcept override;
  void write(const std::byte* state, ByteWriter& out) const override;
  void read(std::byte* state, ByteReader& in) const override;

  // Null without any such row, or when the other column is null in it.
  std::unique_ptr<Result> said() const;

 private:
  void update_texts(const Block& block) const;

  bool greatest_;
  bool is_unsigned_;
  Input value_;
  Input said_;
};

}  // namespace kedge
