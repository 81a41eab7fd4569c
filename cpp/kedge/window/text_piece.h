// What texts say: the least and the greatest by their bytes, the first and the last by time.
#pragma once

#include <functional>
#include <memory>

#include "kedge/window/piece.h"

namespace kedge {

// The result of the text whose address `address_in(state)` gives; null for none.
std::unique_ptr<Result> text_result(std::function<std::uint64_t(const std::byte*)> address_in);

class TextExtremePiece final : public Piece {
 public:
  // Of an input of texts; `greatest`: else least.
  TextExtremePiece(bool greatest, std::size_t input) : greatest_(greatest), input_(input) {}

  std::size_t bytes() const noexcept override { return sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept override { of<std::uint64_t>(state) = 0; }
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  bool owns_memory() const noexcept override { return true; }
  void release(std::byte* state) const noexcept override;
  std::size_t owned_bytes(const std::byte* state) const noexcept override;
  void write(const std::byte* state, ByteWriter& out) const override;
  void read(std::byte* state, ByteReader& in) const override;

  std::unique_ptr<Result> text() const;

 private:
  void offer(std::uint64_t& address, std::string_view text) const;

  bool greatest_;
  std::size_t input_;
};

// As EndsPiece has them.
class TextEndsPiece final : public Piece {
 public:
  explicit TextEndsPiece(std::size_t input) : input_(input) {}

  std::size_t bytes() const noexcept override;
  void init(std::byte* state) const noexcept override;
  void update(const Block& block) const override;
  void merge(std::byte* into, const std::byte* from) const override;

  bool owns_memory() const noexcept override { return true; }
  void release(std::byte* state) const noexcept override;
  std::size_t owned_bytes(const std::byte* state) const noexcept override;
  void write(const std::byte* state, ByteWriter& out) const override;
  void read(std::byte* state, ByteReader& in) const override;

  std::unique_ptr<Result> first() const;
  std::unique_ptr<Result> last() const;

 private:
  std::size_t input_;
};

}  // namespace kedge
