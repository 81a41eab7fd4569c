#include "kedge/window/owned_text.h"

#include "kedge/base/error.h"

namespace kedge {

void write_text(std::uint64_t address, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(address != 0));
  if (address != 0) out.write_string(*text_at(address));
}

void read_text(std::uint64_t& address, ByteReader& in) {
  const auto is_there = in.read<std::uint8_t>();
  if (is_there > 1) throw corrupt_data(in.section(), ": a text is ", int{is_there}, ", not 0 or 1");
  if (is_there == 1) set_text(address, in.read_string());
}

}  // namespace kedge
