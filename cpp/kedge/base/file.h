// Files, whole: mapped to be read in place, or read; and written so that nobody ever sees a part.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace kedge {

struct MappedFile {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // keeps the map
};

// Read only, from the start of a page. Replace a mapped file by write_file, which leaves the map as
// it is; a file that is cut short in place takes its readers down. Throws InvalidArgument with the
// path and the system's reason.
MappedFile map_file(const std::string& path);

// The same, in memory: for files that others may write to meanwhile. One that changes while it is
// read has some of the old bytes and some of the new ones.
MappedFile read_file(const std::string& path);

// A new file beside `path`, flushed to the disk, takes its name: after a power cut there is the old
// file or the new one. Throws InvalidArgument with the path and the system's reason.
void write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace kedge
