// What signed metadata say of a file's bytes, and bytes held against it as they come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kedge/base/document.h"
#include "kedge/base/sha256.h"
#include "kedge/base/sha512.h"

namespace kedge::trust {

struct FileFacts {
  std::optional<std::uint64_t> length;
  std::optional<Sha256Sum> sha256;
  std::optional<std::array<std::byte, 64>> sha512;
  bool has_hashes = false;  // also when all of them are of other kinds
};

// Of the members "length" and "hashes". Throws CorruptData with the path of what is wrong.
FileFacts read_file_facts(Value object);

class FileCheck {
 public:
  // `name` is what errors call the file. Throws Unsupported when there are hashes, but none of a
  // kind that is known.
  FileCheck(const FileFacts& facts, std::string name);

  // Throws CorruptData when that is more than there should be.
  void add(std::span<const std::byte> bytes);
  // Throws CorruptData unless what came is the file.
  void finish();

 private:
  FileFacts facts_;
  std::string name_;
  std::uint64_t length_ = 0;
  Sha256 sha256_;
  Sha512 sha512_;
};

}  // namespace kedge::trust
