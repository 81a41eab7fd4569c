#include "kedge/window/piece.h"

#include <cstring>
#include <vector>

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

}  // namespace kedge
