#include "kedge/window/piece.h"

#include <array>
#include <cstring>
#include <vector>

#include "kedge/window/output.h"

namespace kedge {

void Piece::merge_each(std::byte* into, const std::byte* from, std::ptrdiff_t stride,
                       std::size_t length) const {
  for (std::size_t i = 0; i < length; ++i) {
    merge(into, from);
    into += stride;
    from += stride;
  }
}

void Piece::prepend_each(std::byte* into, const std::byte* before, std::ptrdiff_t stride,
                         std::size_t length) const {
  std::vector<std::byte> own(offset_ + bytes());
  for (std::size_t i = 0; i < length; ++i) {
    std::memcpy(own.data() + offset_, into + offset_, bytes());
    std::memcpy(into + offset_, before + offset_, bytes());
    merge(into, own.data());
    into += stride;
    before += stride;
  }
}

void Piece::write(const std::byte* state, ByteWriter& out) const {
  const std::size_t plain = plain_words() * sizeof(std::uint64_t);
  out.write_bytes({state + offset_, plain});
  for (std::size_t at = plain; at < bytes(); at += sizeof(double)) {
    double value = 0;
    std::memcpy(&value, state + offset_ + at, sizeof value);
    out.write(bits_of(value));
  }
}

void Answer::append(const Finished& finished, OutputColumn& out) const {
  std::array<std::uint64_t, kOutputBlock> values;
  std::array<std::uint8_t, kOutputBlock> valid;
  read(finished, values.data(), valid.data());
  out.append({values.data(), finished.windows.size()}, valid.data());
}

}  // namespace kedge
