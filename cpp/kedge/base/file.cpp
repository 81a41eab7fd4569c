#include "kedge/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/system_error.h"

namespace kedge {
namespace {

[[noreturn]] void refuse(const std::string& path) { refuse_system(text("\"", path, "\"")); }

class Descriptor {
 public:
  // What fails is told of `told`.
  Descriptor(const std::string& path, int flags, std::string told) : told_(std::move(told)) {
    do {
      file_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    } while (file_ < 0 && errno == EINTR);
    if (file_ < 0) refuse(told_);
  }
  Descriptor(const std::string& path, int flags) : Descriptor(path, flags, path) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  int get() const noexcept { return file_; }
  void close() {
    const int file = file_;
    file_ = -1;
    if (::close(file) != 0) refuse(told_);
  }

 private:
  std::string told_;
  int file_;
};

void write_all(const Descriptor& file, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse(path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) refuse(path);
}

std::size_t size_of(const Descriptor& file, const std::string& path) {
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) refuse(path);
  if (!S_ISREG(about.st_mode)) {
    errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    refuse(path);
  }
  return static_cast<std::size_t>(about.st_size);
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

MappedFile map_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  const std::size_t size = size_of(file, path);
  if (size == 0) return {};
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.get(), 0);
  if (data == MAP_FAILED) refuse(path);
  std::shared_ptr<const void> owner(
      data, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return {{static_cast<const std::byte*>(data), size}, std::move(owner)};
}

MappedFile read_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  const auto bytes = std::make_shared<std::vector<std::byte>>(size_of(file, path));
  std::size_t had = 0;
  while (had < bytes->size()) {
    const ssize_t got = ::read(file.get(), bytes->data() + had, bytes->size() - had);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(path);
    if (got == 0) break;  // it was cut short
    had += static_cast<std::size_t>(got);
  }
  return {std::span<const std::byte>(*bytes).first(had), bytes};
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string beside = text(path, ".", ::getpid(), ".part");
  try {
    Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC, path);
    write_all(file, path, bytes);
    file.close();
    if (::rename(beside.c_str(), path.c_str()) != 0) refuse(path);
  } catch (const Error&) {
    ::unlink(beside.c_str());
    throw;
  }
  const Descriptor folder(folder_of(path), O_RDONLY | O_DIRECTORY);
  ::fsync(folder.get());
}

}  // namespace kedge
