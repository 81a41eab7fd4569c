// A file that is read in pieces. Unlike a map, one that goes away meanwhile (a stick that is pulled
// out) is an error and does not take the process down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kedge {

class OpenFile {
 public:
  // Throws InvalidArgument with the path and the system's reason.
  explicit OpenFile(std::string path);
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile();

  const std::string& path() const noexcept { return path_; }
  std::uint64_t size() const noexcept { return size_; }  // when it was opened

  // Fills `out`. Throws InvalidArgument also when the file ends before.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  std::string path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace kedge
