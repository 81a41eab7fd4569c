#include "kedge/base/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kedge/base/error.h"
#include "kedge/base/system_error.h"

namespace kedge {

OpenFile::OpenFile(std::string path) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) refuse_system(path_);
  struct stat about{};
  if (::fstat(file_, &about) == 0 && S_ISREG(about.st_mode)) {
    size_ = static_cast<std::uint64_t>(about.st_size);
    return;
  }
  ::close(file_);
  throw invalid_argument(path_, " is no regular file");
}

OpenFile::~OpenFile() { ::close(file_); }

void OpenFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse_system(path_);
    if (got == 0) throw invalid_argument(path_, " ends at ", offset, ", more is wanted");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace kedge
