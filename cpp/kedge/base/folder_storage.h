// A folder of the file system as storage.
#pragma once

#include "kedge/base/storage.h"

namespace kedge {

class FolderStorage final : public Storage {
 public:
  // Makes the folder when its parent is there. Throws InvalidArgument with the path and the
  // system's reason; also when another process has the folder.
  explicit FolderStorage(std::string folder);
  ~FolderStorage() override;

  std::vector<std::string> names() override;
  std::vector<std::byte> read(const std::string& name) override;
  MappedFile map(const std::string& name) override;
  void append(const std::string& name, std::span<const std::byte> bytes) override;
  void write(const std::string& name, std::uint64_t offset,
             std::span<const std::byte> bytes) override;
  void sync(const std::string& name) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& name) override;
  void sync_folder() override;

 private:
  std::string path_of(const std::string& name) const;
  int file_of(const std::string& name);
  void close_file() noexcept;

  std::string folder_;
  int lock_ = -1;
  std::string name_;  // of the file that is open
  int file_ = -1;
};

}  // namespace kedge
