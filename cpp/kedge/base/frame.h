// The envelope of every stored object: what it is, which version, how long, and a checksum.
// docs/formats.md has the layout. A frame may hold frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

inline constexpr std::size_t kFrameHeader = 24;

// `kind` has four characters.
std::vector<std::byte> seal_frame(std::string_view kind, std::uint32_t version,
                                  std::span<const std::byte> payload);

// The same around what is written between the two calls, without a copy of it: begin_frame says
// where the frame begins, which end_frame is told.
std::size_t begin_frame(ByteWriter& out, std::string_view kind, std::uint32_t version);
void end_frame(ByteWriter& out, std::size_t begin);

struct Frame {
  std::uint32_t version;
  std::span<const std::byte> payload;
};

// Reads the frame at the reader's position and moves past it. Throws CorruptData when it is not a
// frame of this kind or its checksum differs, Unsupported when it is newer than `newest_version`.
Frame open_frame(ByteReader& reader, std::string_view kind, std::uint32_t newest_version);
// The same of bytes that are the frame and nothing else; errors name the section.
Frame open_whole_frame(std::span<const std::byte> bytes, std::string_view section,
                       std::string_view kind, std::uint32_t newest_version);

}  // namespace kedge
