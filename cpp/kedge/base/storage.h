// What keeps its state on a disk asks of it: few calls, so that tests can stand in for one that
// loses power at any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/base/file.h"

namespace kedge {

// One folder. Every call may throw Error. What was written is there after a power cut only behind
// sync() of the file; that a file is there, under another name or no more, only behind
// sync_folder(). Of the rest any part may be there.
class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  virtual std::vector<std::string> names() = 0;
  // Throws when there is no such file, as rename does.
  virtual std::vector<std::byte> read(const std::string& name) = 0;
  // The same where it lies: for large files, which are not written while somebody has the map.
  virtual MappedFile map(const std::string& name) = 0;
  // These two make the file when there is none.
  virtual void append(const std::string& name, std::span<const std::byte> bytes) = 0;
  // Over what is there; a file that is shorter grows, with zeros up to the offset.
  virtual void write(const std::string& name, std::uint64_t offset,
                     std::span<const std::byte> bytes) = 0;
  virtual void sync(const std::string& name) = 0;
  // In one step: what was named `to` is gone.
  virtual void rename(const std::string& from, const std::string& to) = 0;
  // None is fine.
  virtual void remove(const std::string& name) = 0;
  virtual void sync_folder() = 0;
};

}  // namespace kedge
