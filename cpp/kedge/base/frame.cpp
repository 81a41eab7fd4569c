#include "kedge/base/frame.h"

#include "kedge/base/hash.h"

namespace kedge {
namespace {

constexpr std::string_view kMagic = "KDGE";

std::string printable(std::span<const std::byte> bytes) {
  std::string out;
  for (const char c : as_text(bytes)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

}  // namespace

std::vector<std::byte> seal_frame(std::string_view kind, std::uint32_t version,
                                  std::span<const std::byte> payload) {
  ByteWriter out;
  out.reserve(kFrameHeader + payload.size());
  const std::size_t begin = begin_frame(out, kind, version);
  out.write_bytes(payload);
  end_frame(out, begin);
  return out.take();
}

std::size_t begin_frame(ByteWriter& out, std::string_view kind, std::uint32_t version) {
  const std::size_t begin = out.size();
  out.write_bytes(as_bytes(kMagic));
  out.write(std::uint32_t{0});  // the checksum
  out.write_bytes(as_bytes(kind));
  out.write(version);
  out.write(std::uint64_t{0});  // the length
  return begin;
}

void end_frame(ByteWriter& out, std::size_t begin) {
  const std::uint64_t length = out.size() - begin - kFrameHeader;
  out.overwrite(begin + 16, std::as_bytes(std::span(&length, 1)));
  const std::uint32_t checksum = crc32c(out.view().subspan(begin + 8));
  out.overwrite(begin + 4, std::as_bytes(std::span(&checksum, 1)));
}

Frame open_frame(ByteReader& reader, std::string_view kind, std::uint32_t newest_version) {
  const std::string_view section = reader.section();
  if (reader.remaining() < kFrameHeader || as_text(reader.read_bytes(4)) != kMagic) {
    throw corrupt_data(section, ": no kedge data here (no ", kMagic, " mark)");
  }
  const auto checksum = reader.read<std::uint32_t>();
  const auto head = reader.slice(reader.position(), 16);
  const auto found = reader.read_bytes(4);
  const auto version = reader.read<std::uint32_t>();
  const auto length = reader.read<std::uint64_t>();
  if (as_text(found) != kind) {
    throw corrupt_data(section, ": expected a frame of kind ", kind, ", got ", printable(found));
  }
  if (length > reader.remaining()) {
    throw corrupt_data(section, ": the ", kind, " frame claims ", length, " bytes, ",
                       reader.remaining(), " are left");
  }
  const auto payload = reader.read_bytes(static_cast<std::size_t>(length));
  if (crc32c(payload, crc32c(head)) != checksum) {
    throw corrupt_data(section, ": the checksum of the ", kind, " frame does not match its bytes");
  }
  if (version == 0 || version > newest_version) {
    throw unsupported(section, ": ", kind, " version ", version, ", this build reads 1 to ",
                      newest_version);
  }
  return {version, payload};
}

Frame open_whole_frame(std::span<const std::byte> bytes, std::string_view section,
                       std::string_view kind, std::uint32_t newest_version) {
  ByteReader reader(bytes, section);
  const Frame frame = open_frame(reader, kind, newest_version);
  reader.expect_end();
  return frame;
}

}  // namespace kedge
