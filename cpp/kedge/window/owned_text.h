// A text that a state owns: eight bytes hold its address, or 0 for none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kedge/base/bytes.h"
#include "kedge/window/owned_state.h"

namespace kedge {

inline const std::string* text_at(std::uint64_t address) noexcept {
  return owned_at<const std::string>(address);
}

inline void set_text(std::uint64_t& address, std::string_view text) {
  if (address == 0) {
    address = address_of(new std::string(text));
  } else {
    owned_at<std::string>(address)->assign(text);
  }
}

inline void release_text(std::uint64_t& address) noexcept {
  delete owned_at<std::string>(address);
  address = 0;
}

inline std::size_t text_bytes(std::uint64_t address) noexcept {
  return address == 0 ? 0 : sizeof(std::string) + text_at(address)->capacity();
}

// A byte that says whether there is one, then the text.
void write_text(std::uint64_t address, ByteWriter& out);
void read_text(std::uint64_t& address, ByteReader& in);

}  // namespace kedge
