// A piece whose state is an object of its own, made with the first row: a state holds its address,
// or 0 for none yet.
#pragma once

#include "kedge/base/error.h"
#include "kedge/window/owned_state.h"
#include "kedge/window/piece.h"

namespace kedge {

// Owned has merge(const Owned&), bytes(), write(ByteWriter&) and read(ByteReader&) into one that is
// as `make` gives it.
template <class Owned>
class OwningPiece : public Piece {
 public:
  std::size_t bytes() const noexcept final { return sizeof(std::uint64_t); }
  void init(std::byte* state) const noexcept final { of<std::uint64_t>(state) = 0; }
  void merge(std::byte* into, const std::byte* from) const final {
    if (const Owned* const other = owned_in(from)) owned_in(into).merge(*other);
  }

  bool owns_memory() const noexcept final { return true; }
  void release(std::byte* state) const noexcept final {
    delete owned_at<Owned>(of<std::uint64_t>(state));
    init(state);
  }
  std::size_t owned_bytes(const std::byte* state) const noexcept final {
    const Owned* const owned = owned_in(state);
    return owned == nullptr ? 0 : owned->bytes();
  }
  void write(const std::byte* state, ByteWriter& out) const final {
    const Owned* const owned = owned_in(state);
    out.write(static_cast<std::uint8_t>(owned != nullptr));
    if (owned != nullptr) owned->write(out);
  }
  void read(std::byte* state, ByteReader& in) const final {
    const auto is_there = in.read<std::uint8_t>();
    if (is_there > 1) throw corrupt_data(in.section(), ": flag ", int{is_there}, " is unknown");
    if (is_there == 1) owned_in(state).read(in);
  }

 protected:
  virtual Owned make() const = 0;

  Owned& owned_in(std::byte* state) const {
    auto& address = of<std::uint64_t>(state);
    if (address == 0) address = address_of(new Owned(make()));
    return *owned_at<Owned>(address);
  }
  const Owned* owned_in(const std::byte* state) const noexcept {
    return owned_at<const Owned>(of<std::uint64_t>(state));
  }
};

}  // namespace kedge
