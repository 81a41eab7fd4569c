#include "kedge/base/folder_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "kedge/base/error.h"
#include "kedge/base/system_error.h"

namespace kedge {

FolderStorage::FolderStorage(std::string folder) : folder_(std::move(folder)) {
  if (::mkdir(folder_.c_str(), 0777) != 0 && errno != EEXIST) refuse_system(folder_);
  lock_ = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) refuse_system(folder_);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(lock_);
  refuse_system(text(folder_, " is in use"));
}

FolderStorage::~FolderStorage() {
  close_file();
  ::close(lock_);
}

std::string FolderStorage::path_of(const std::string& name) const {
  return text(folder_, "/", name);
}

void FolderStorage::close_file() noexcept {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  name_.clear();
}

std::vector<std::string> FolderStorage::names() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), ::closedir);
  if (!folder) refuse_system(folder_);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::vector<std::byte> FolderStorage::read(const std::string& name) {
  const MappedFile file = read_file(path_of(name));
  return {file.bytes.begin(), file.bytes.end()};
}

MappedFile FolderStorage::map(const std::string& name) { return map_file(path_of(name)); }

int FolderStorage::file_of(const std::string& name) {
  if (file_ >= 0 && name == name_) return file_;
  close_file();
  const std::string path = path_of(name);
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) refuse_system(path);
  name_ = name;
  return file_;
}

// The lock keeps others from writing, so the end stays where it was found.
void FolderStorage::append(const std::string& name, std::span<const std::byte> bytes) {
  const off_t end = ::lseek(file_of(name), 0, SEEK_END);
  if (end < 0) refuse_system(path_of(name));
  write(name, static_cast<std::uint64_t>(end), bytes);
}

void FolderStorage::write(const std::string& name, std::uint64_t offset,
                          std::span<const std::byte> bytes) {
  const int file = file_of(name);
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse_system(path_of(name));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void FolderStorage::sync(const std::string& name) {
  if (::fsync(file_of(name)) != 0) refuse_system(path_of(name));
}

void FolderStorage::rename(const std::string& from, const std::string& to) {
  close_file();
  const std::string path = path_of(from);
  if (std::rename(path.c_str(), path_of(to).c_str()) != 0) refuse_system(path);
}

void FolderStorage::remove(const std::string& name) {
  if (name == name_) close_file();
  const std::string path = path_of(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) refuse_system(path);
}

void FolderStorage::sync_folder() {
  if (::fsync(lock_) != 0) refuse_system(folder_);
}

}  // namespace kedge
